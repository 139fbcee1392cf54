// What of the tenant outlives the server: profiles, customers and users, devices with credentials and attributes, packages with
// their bytes. Telemetry, sessions, RPCs and claims do not.
import type { Core } from "./core.ts";
import { type Device, type Point, type SavedDevice, type Scope, scopes } from "./devices.ts";
import type { OtaPackage } from "./packages.ts";
import { type DeviceProfile, defaultProfileId } from "./profiles.ts";
import type { Customer, User } from "./users.ts";

/** Form of the file; another one is refused. */
const version = 1;

interface State {
	version: number;
	profiles: DeviceProfile[];
	customers: Customer[];
	users: User[];
	devices: (SavedDevice & { profileId: string; attributes: Record<Scope, [string, Point][]> })[];
	/** `data` in base64. */
	packages: (Omit<OtaPackage, "data"> & { data?: string })[];
}

const base64 = new WeakMap<Uint8Array, string>();

/** The tenant as JSON text. */
export function stateText(core: Core): string {
	const state: State = {
		version,
		profiles: core.profiles.all(),
		customers: core.users.customers(),
		users: core.users.all(),
		devices: core.devices.all().map(savedDevice),
		packages: core.packages.all().map(({ data, ...info }) => (data ? { ...info, data: text(data) } : info)),
	};
	return JSON.stringify(state);
}

/** Puts a saved tenant into a fresh server. Throws when the text is none of ours. */
export function restoreState(core: Core, saved: string): void {
	const state = JSON.parse(saved) as State;
	if (state.version !== version) throw new Error(`version: expected ${version}, got ${state.version}`);
	for (const profile of state.profiles) core.profiles.restore(profile);
	core.users.restore(state.customers, state.users);
	for (const { data, ...info } of state.packages)
		core.packages.restore(data === undefined ? info : { ...info, data: bytes(data) });
	for (const { profileId, attributes, ...device } of state.devices) {
		const profile = core.profiles.byId(profileId) ?? core.profiles.byId(defaultProfileId);
		if (!profile) throw new Error("profiles: expected a default one");
		const restored = core.devices.restore(device, profile);
		for (const scope of scopes)
			for (const [key, point] of attributes[scope]) restored.attributes[scope].set(key, point);
	}
}

function savedDevice(device: Device): State["devices"][number] {
	const { id, createdTime, info, credentials, customerId, firmwareId, softwareId } = device;
	const attributes = Object.fromEntries(scopes.map((scope) => [scope, [...device.attributes[scope]]]));
	const rest = { profileId: device.profile.id, attributes: attributes as Record<Scope, [string, Point][]> };
	return { id, createdTime, info, credentials, customerId, firmwareId, softwareId, ...rest };
}

/** A package's bytes never change, so their text is made once. */
function text(data: Uint8Array): string {
	const known = base64.get(data);
	if (known !== undefined) return known;
	const made = Buffer.from(data).toString("base64");
	base64.set(data, made);
	return made;
}

const bytes = (encoded: string): Uint8Array => Uint8Array.from(Buffer.from(encoded, "base64"));
