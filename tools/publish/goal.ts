// Who gets a package: a device, or the devices of a profile.
import { type Body, idOf, type RestClient, RestError, reference } from "../peer/rest.ts";
import { CheckError } from "./errors.ts";
import type { Type } from "./package.ts";

/** Who gets it. */
export interface Goal {
	kind: "device" | "profile";
	name: string;
}

/** As many devices of a profile are looked at. */
export const Most = 100;

const path = (text: string): string => encodeURIComponent(text);
const fieldOf = (type: Type): "firmwareId" | "softwareId" =>
	type === "FIRMWARE" ? "firmwareId" : "softwareId";

/** The device or profile of that name. @throws CheckError when there is none */
export async function findGoal(rest: RestClient, { kind, name }: Goal): Promise<Body> {
	if (kind === "device") return findDevice(rest, name);
	const { data } = await rest.ask("GET", `/api/deviceProfiles?pageSize=100&page=0&textSearch=${path(name)}`);
	const found = (data as Body[]).find((profile) => profile.name === name);
	if (!found) throw new CheckError(`device profile ${name}: expected one of that name, found none`);
	return rest.ask("GET", `/api/deviceProfile/${idOf(found)}`);
}

async function findDevice(rest: RestClient, name: string): Promise<Body> {
	try {
		return await rest.ask("GET", `/api/tenant/devices?deviceName=${path(name)}`);
	} catch (error) {
		if (!(error instanceof RestError) || error.status !== 404) throw error;
		throw new CheckError(`device ${name}: expected a device of that name, found none`);
	}
}

/** The profile that packages for this goal belong to. */
export const profileOf = ({ kind }: Goal, goal: Body): string =>
	kind === "profile" ? idOf(goal) : String((goal.deviceProfileId as { id: string }).id);

/** The device itself, or the profile's first devices, `Most` at the most; `active`: of those that are online. */
export async function devicesOf(
	rest: RestClient,
	{ kind }: Goal,
	goal: Body,
	active = false,
): Promise<Body[]> {
	if (kind === "device") return [goal];
	const which = `deviceProfileId=${idOf(goal)}${active ? "&active=true" : ""}`;
	const { data } = await rest.ask("GET", `/api/tenant/deviceInfos?pageSize=${Most}&page=0&${which}`);
	return (data as Body[]).filter((device) => !active || device.active === true);
}

/** Whether the device (or profile) has a package of its own, which comes before its profile's; with an id: that one. */
export function hasPackage(goal: Body, type: Type, id?: string): boolean {
	const own = goal[fieldOf(type)] as { id?: unknown } | null | undefined;
	return own ? id === undefined || own.id === id : false;
}

/** Devices take the package from now on. False: they had it already, then the server does nothing. */
export async function assign(
	rest: RestClient,
	{ kind }: Goal,
	goal: Body,
	type: Type,
	id: string,
): Promise<boolean> {
	const path = kind === "device" ? "/api/device" : "/api/deviceProfile";
	const fresh = await rest.ask("GET", `${path}/${idOf(goal)}`); // what others have changed meanwhile stays
	if (hasPackage(fresh, type, id)) return false;
	await rest.ask("POST", path, { ...fresh, [fieldOf(type)]: reference("OTA_PACKAGE", id) });
	return true;
}
