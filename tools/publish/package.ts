// An OTA package on a ThingsBoard, by its REST API: made, filled, assigned, followed.
import { createHash } from "node:crypto";
import { type Body, idOf, type RestClient, reference } from "../peer/rest.ts";

/** What to publish. */
export interface Package {
	title: string;
	version: string;
	/** FIRMWARE replaces the image, SOFTWARE a mod. */
	type: "FIRMWARE" | "SOFTWARE";
	bytes: Uint8Array<ArrayBuffer>;
}

/** Who gets it. */
export interface Goal {
	kind: "device" | "profile";
	name: string;
}

const path = (text: string): string => encodeURIComponent(text);

/** The device or profile of that name. @throws Error when there is none */
export async function findGoal(rest: RestClient, { kind, name }: Goal): Promise<Body> {
	if (kind === "device") return rest.ask("GET", `/api/tenant/devices?deviceName=${path(name)}`);
	const { data } = await rest.ask("GET", `/api/deviceProfiles?pageSize=100&page=0&textSearch=${path(name)}`);
	const found = (data as Body[]).find((profile) => profile.name === name);
	if (!found) throw new Error(`device profile ${name}: expected one of that name, found none`);
	return rest.ask("GET", `/api/deviceProfile/${idOf(found)}`);
}

/** Makes and fills the package for the profile. Returns its id. @throws Error with the server's words, e.g. for a title and version that exist */
export async function upload(rest: RestClient, pack: Package, profile: string): Promise<string> {
	const { title, version, type, bytes } = pack;
	const deviceProfileId = reference("DEVICE_PROFILE", profile);
	const made = await rest.ask("POST", "/api/otaPackage", { title, version, type, deviceProfileId });
	const checksum = createHash("sha256").update(bytes).digest("hex");
	const form = new FormData();
	form.append("file", new Blob([bytes]), `${title}-${version}.bin`);
	try {
		await rest.ask(
			"POST",
			`/api/otaPackage/${idOf(made)}?checksumAlgorithm=SHA256&checksum=${checksum}`,
			form,
		);
	} catch (error) {
		await rest.send("DELETE", `/api/otaPackage/${idOf(made)}`);
		throw error;
	}
	return idOf(made);
}

/** The profile that packages for this goal belong to. */
export const profileOf = ({ kind }: Goal, goal: Body): string =>
	kind === "profile" ? idOf(goal) : String((goal.deviceProfileId as { id: string }).id);

/** Devices take the package from now on. */
export async function assign(
	rest: RestClient,
	{ kind }: Goal,
	goal: Body,
	type: Package["type"],
	id: string,
): Promise<void> {
	const field = type === "FIRMWARE" ? "firmwareId" : "softwareId";
	const changed = { ...goal, [field]: reference("OTA_PACKAGE", id) };
	await rest.ask("POST", kind === "device" ? "/api/device" : "/api/deviceProfile", changed);
}

/** The device's secret, to see that the image does not hold it; empty where it is no text. */
export async function tokenOf(rest: RestClient, device: Body): Promise<string> {
	const { credentialsId } = await rest.ask("GET", `/api/device/${idOf(device)}/credentials`);
	return String(credentialsId ?? "");
}
