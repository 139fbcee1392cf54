// What must not be in an image: it is copied to every device, and whoever may read packages can read it.
import { type Body, idOf, type RestClient } from "../peer/rest.ts";
import { CheckError } from "./errors.ts";
import { findPrivateKey } from "./private-keys.ts";

/** A text that must not be found. */
export interface Secret {
	/** Whose it is; the text itself is never told. */
	what: string;
	text: string;
}

const Readable = 6; // shortest secret that is looked for: shorter ones are found by chance
/** The stand-in's password, which stands in every copy of this project and is a word. */
const Published = "tenant";

/** What logs in. */
export const passwordSecret = (text: string): Secret[] =>
	text === Published ? [] : [{ what: "the REST password", text }];

/** Nothing secret is in it: no private key, and none of the texts. @throws CheckError, which does not repeat it */
export function checkSecrets(image: Buffer, secrets: readonly Secret[]): void {
	const key = findPrivateKey(image);
	if (key) throw new CheckError(`secrets: expected none in the image, found ${key}`);
	for (const { what, text } of secrets)
		if (text.length >= Readable && image.includes(text))
			throw new CheckError(`secrets: expected none in the image, found ${what}`);
}

/** What the devices prove themselves with, except for `title`, which is in every image. */
export async function credentialsOf(
	rest: Pick<RestClient, "ask">,
	devices: readonly Body[],
	title: string,
): Promise<Secret[]> {
	const secrets: Secret[] = [];
	for (const device of devices) {
		const what = `the device's credentials (${device.name})`;
		const credentials = await rest.ask("GET", `/api/device/${idOf(device)}/credentials`);
		for (const text of textsIn(credentials)) if (text !== title) secrets.push({ what, text });
	}
	return secrets;
}

/** A certificate is no secret; the id of MQTT_BASIC is a hash of them, or the user name. */
function textsIn({ credentialsType, credentialsId, credentialsValue }: Body): string[] {
	if (credentialsType === "ACCESS_TOKEN") return [String(credentialsId ?? "")];
	if (credentialsType !== "MQTT_BASIC") return [];
	const { clientId, userName, password } = JSON.parse(String(credentialsValue)) as Body;
	return [clientId, userName, password].filter((text) => typeof text === "string");
}
