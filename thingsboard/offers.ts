// What the server writes when a package becomes a device's target (DefaultOtaPackageStateService), in its order.
import type { Core } from "./core.ts";
import type { Device } from "./devices.ts";
import type { OtaPackage } from "./packages.ts";
import { longValue, stringValue, type Value } from "./values.ts";

export type Kind = "fw" | "sw";

const everyKey = ["title", "version", "ts", "state", "size", "checksum", "checksum_algorithm", "url", "tag"];

/** Makes `target` (or nothing) the device's package of that kind. The same package again does nothing. */
export function assign(core: Core, device: Device, kind: Kind, target: OtaPackage | undefined): void {
	const slot = kind === "fw" ? "firmwareId" : "softwareId";
	if (device[slot] === (target?.id ?? null)) return;
	device[slot] = target?.id ?? null;
	if (target) announce(core, device, kind, target);
	else
		device.deleteAttributes(
			"SHARED_SCOPE",
			everyKey.map((key) => `${kind}_${key}`),
		);
}

/** Telemetry QUEUED at once; after the pacing INITIATED, then the `deleted` message, then the attributes in one message. */
function announce(core: Core, device: Device, kind: Kind, target: OtaPackage): void {
	const ts = core.clock.now();
	const queued: [string, Value][] = [
		[`target_${kind}_title`, stringValue(target.title)],
		[`target_${kind}_version`, stringValue(target.version)],
		[`target_${kind}_ts`, longValue(ts)],
		[`${kind}_state`, stringValue("QUEUED")],
	];
	if (target.tag) queued.push([`target_${kind}_tag`, stringValue(target.tag)]);
	device.store([{ ts, values: new Map(queued) }]);
	core.clock.after(core.settings.otaPacing, () => {
		const state = new Map([[`${kind}_state`, stringValue("INITIATED")]]);
		device.store([{ ts: core.clock.now(), values: state }]);
		device.deleteAttributes("SHARED_SCOPE", absent(kind, target));
		device.saveAttributes("SHARED_SCOPE", describe(kind, target));
	});
}

/** Keys that do not apply to this package; deleted even if they never existed. */
function absent(kind: Kind, { tag, url }: OtaPackage): string[] {
	const keys = tag ? [] : ["tag"];
	if (url) keys.push("size", "checksum", "checksum_algorithm");
	else keys.push("url");
	return keys.map((key) => `${kind}_${key}`);
}

function describe(kind: Kind, target: OtaPackage): Map<string, Value> {
	const { title, version, tag, url, data, checksumAlgorithm = "", checksum = "" } = target;
	const values = new Map([
		[`${kind}_title`, stringValue(title)],
		[`${kind}_version`, stringValue(version)],
	]);
	if (tag) values.set(`${kind}_tag`, stringValue(tag));
	if (url) return values.set(`${kind}_url`, stringValue(url));
	return values
		.set(`${kind}_size`, longValue(data?.length ?? 0))
		.set(`${kind}_checksum_algorithm`, stringValue(checksumAlgorithm))
		.set(`${kind}_checksum`, stringValue(checksum));
}
