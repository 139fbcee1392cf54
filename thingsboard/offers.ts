// What the server writes when a package becomes a device's target (DefaultOtaPackageStateService), in its order.
import type { Core } from "./core.ts";
import type { Device } from "./devices.ts";
import type { OtaPackage } from "./packages.ts";
import type { DeviceProfile } from "./profiles.ts";
import { longValue, stringValue, type Value } from "./values.ts";

export type Kind = "fw" | "sw";

export const kinds: readonly Kind[] = ["fw", "sw"];

const slots = { fw: "firmwareId", sw: "softwareId" } as const;

const everyKey = ["title", "version", "ts", "state", "size", "checksum", "checksum_algorithm", "url", "tag"];

/** Id of the package that is meant for the device: its own, else its profile's. */
export const targetOf = (device: Device, kind: Kind): string | null =>
	device[slots[kind]] ?? device.profile[slots[kind]];

/** Makes `target` (or nothing) the device's own package of that kind. The same package again does nothing. */
export function assign(core: Core, device: Device, kind: Kind, target: OtaPackage | undefined): void {
	retarget(core, [device], () => {
		device[slots[kind]] = target?.id ?? null;
	});
}

/** Makes `target` (or nothing) the package of all devices of the profile that have none of their own. */
export function assignToProfile(
	core: Core,
	profile: DeviceProfile,
	kind: Kind,
	target: OtaPackage | undefined,
): void {
	const devices = core.devices.all().filter((device) => device.profile === profile);
	retarget(core, devices, () => {
		profile[slots[kind]] = target?.id ?? null;
	});
}

/** Moves the device to another profile, whose packages it is then offered. */
export function moveToProfile(core: Core, device: Device, profile: DeviceProfile): void {
	retarget(core, [device], () => {
		device.profile = profile;
	});
}

/** Offers a new device the packages of its profile. */
export function offerToNew(core: Core, device: Device): void {
	for (const kind of kinds) offer(core, device, kind);
}

function retarget(core: Core, devices: Device[], change: () => void): void {
	const targets = () =>
		devices.flatMap((device) => kinds.map((kind) => ({ device, kind, id: targetOf(device, kind) })));
	const before = targets();
	change();
	targets().forEach(({ device, kind, id }, i) => {
		if (id === before[i]?.id) return;
		if (id) offer(core, device, kind);
		else device.deleteAttributes("SHARED_SCOPE", prefixed(kind, everyKey));
	});
}

/** Telemetry QUEUED at once; when its turn comes INITIATED, then the `deleted` message, then the attributes in one message. */
function offer(core: Core, device: Device, kind: Kind): void {
	const target = core.packages.byId(targetOf(device, kind) ?? "");
	if (!target) return;
	const ts = core.clock.now();
	const queued = new Map([
		[`target_${kind}_title`, stringValue(target.title)],
		[`target_${kind}_version`, stringValue(target.version)],
		[`target_${kind}_ts`, longValue(ts)],
		[`${kind}_state`, stringValue("QUEUED")],
	]);
	if (target.tag) queued.set(`target_${kind}_tag`, stringValue(target.tag));
	device.store([{ ts, values: queued }]);
	core.otaTurns.next(() => initiate(core, device, kind, target));
}

/** Nothing happens when the target changed while it waited. */
function initiate(core: Core, device: Device, kind: Kind, target: OtaPackage): void {
	if (targetOf(device, kind) !== target.id) return;
	const state = new Map([[`${kind}_state`, stringValue("INITIATED")]]);
	device.store([{ ts: core.clock.now(), values: state }]);
	const said = [...describe(target)];
	const absent = said.flatMap(([key, value]) => (value ? [] : [key]));
	const present = said.flatMap(([key, value]) => (value ? [[`${kind}_${key}`, value] as const] : []));
	const remove = () => absent.length && device.deleteAttributes("SHARED_SCOPE", prefixed(kind, absent));
	const save = () => device.saveAttributes("SHARED_SCOPE", new Map(present));
	const steps = device.faults.take("attributesFirst") ? [save, remove] : [remove, save];
	for (const step of steps) step();
}

/** Each attribute of an offer; those without a value are deleted, even if they never existed. */
function describe({ title, version, tag, url, data, ...rest }: OtaPackage): Map<string, Value | undefined> {
	const text = (value: string | null | undefined) => (value ? stringValue(value) : undefined);
	const size = url ? rest.dataSize : (data?.length ?? 0);
	return new Map([
		["title", stringValue(title)],
		["version", stringValue(version)],
		["tag", text(tag)],
		["size", size === undefined ? undefined : longValue(size)],
		["checksum_algorithm", text(rest.checksumAlgorithm)],
		["checksum", text(rest.checksum)],
		["url", text(url)],
	]);
}

const prefixed = (kind: Kind, keys: string[]): string[] => keys.map((key) => `${kind}_${key}`);
