// An OTA package on a ThingsBoard: found, made, filled.
import { createHash } from "node:crypto";
import { checksum, isAlgorithm } from "../../thingsboard/checksums.ts";
import { type Body, idOf, type RestClient, reference } from "../peer/rest.ts";
import { CheckError } from "./errors.ts";
import { isSignedAlike } from "./sign.ts";

/** FIRMWARE replaces the image, SOFTWARE a mod. */
export type Type = "FIRMWARE" | "SOFTWARE";

/** What to publish. */
export interface Package {
	title: string;
	version: string;
	type: Type;
	bytes: Uint8Array<ArrayBuffer>;
	/** Public point of the key that has signed it now. */
	point?: Buffer | undefined;
}

/** A package that the server has. */
export interface Provided {
	id: string;
	/** `found`: it held the same; `filled`: there was one without bytes, as a broken upload leaves it. */
	how: "uploaded" | "filled" | "found";
}

/** The cure for a version that is used up. */
export const another =
	"give the new one another number: --version, or npm version patch --no-git-tag-version";

/** The server's package of that title and version, made or filled if need be. @throws CheckError when it holds something else */
export async function provide(rest: RestClient, pack: Package, profile: string): Promise<Provided> {
	const found = await find(rest, pack);
	if (!found) return { id: await make(rest, pack, profile), how: "uploaded" };
	checkKind(found, pack, profile);
	if (!found.hasData) {
		await fill(rest, idOf(found), pack);
		return { id: idOf(found), how: "filled" };
	}
	if (await isSame(rest, found, pack)) return { id: idOf(found), how: "found" };
	throw new CheckError(
		`package ${pack.title}: ${pack.version} is on the server already with other bytes: ${another}`,
	);
}

async function find(rest: RestClient, { title, version }: Package): Promise<Body | undefined> {
	for (let page = 0; ; page++) {
		const query = `pageSize=100&page=${page}&textSearch=${encodeURIComponent(title)}`;
		const { data, hasNext } = await rest.ask("GET", `/api/otaPackages?${query}`);
		const found = (data as Body[]).find((one) => one.title === title && one.version === version);
		if (found || hasNext !== true) return found;
	}
}

/** Title and version are unique for all types and profiles together. */
function checkKind(found: Body, { title, version, type }: Package, profile: string): void {
	const owner = (found.deviceProfileId as { id?: unknown } | null)?.id;
	let fault: string | undefined;
	if (found.type !== type) fault = `it is ${found.type}, not ${type}`;
	else if (found.url) fault = `it is only an address, ${found.url}`;
	else if (owner && owner !== profile) fault = "it is for another device profile";
	if (fault)
		throw new CheckError(`package ${title} ${version}: expected one to use, but ${fault}: ${another}`);
}

/** The same bytes; or the same image, signed by the same key: no two signatures are equal. */
async function isSame(rest: RestClient, found: Body, pack: Package): Promise<boolean> {
	const { bytes, point } = pack;
	const { checksumAlgorithm: name, checksum: told, dataSize } = found;
	if (dataSize !== bytes.length) return false;
	if (isAlgorithm(String(name)) && checksum(String(name) as "SHA256", bytes) === told) return true;
	if (!point) return false;
	const there = await rest.download(`/api/otaPackage/${idOf(found)}/download`);
	return isSignedAlike(bytes, there, point, pack);
}

async function make(rest: RestClient, pack: Package, profile: string): Promise<string> {
	const { title, version, type } = pack;
	const deviceProfileId = reference("DEVICE_PROFILE", profile);
	const made = await rest.ask("POST", "/api/otaPackage", { title, version, type, deviceProfileId });
	try {
		await fill(rest, idOf(made), pack);
	} catch (error) {
		await rest.send("DELETE", `/api/otaPackage/${idOf(made)}`).catch(() => undefined); // the next run fills it
		throw error;
	}
	return idOf(made);
}

async function fill(rest: RestClient, id: string, { title, version, bytes }: Package): Promise<void> {
	const sum = createHash("sha256").update(bytes).digest("hex");
	const form = new FormData();
	form.append("file", new Blob([bytes]), `${title}-${version}.bin`);
	await rest.ask("POST", `/api/otaPackage/${id}?checksumAlgorithm=SHA256&checksum=${sum}`, form);
}
