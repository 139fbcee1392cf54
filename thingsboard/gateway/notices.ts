// What a gateway is told of its devices: an RPC to the gateway itself (DefaultGatewayNotificationsService).
import { callPersistently } from "../calls.ts";
import type { Core } from "../core.ts";
import type { Device } from "../devices.ts";
import { quote } from "../json.ts";

/** How long a notice waits for its gateway, milliseconds. */
const timeout = 86_400_000;
const retries = 3;

/** Tells the gateway that connected the device last of its new name. */
export function tellRenamed(core: Core, device: Device, oldName: string): void {
	tell(core, device, "gateway_device_renamed", `{${quote(oldName)}:${quote(device.info.name)}}`);
}

/** Tells the gateway that connected the device last that it is gone. */
export function tellDeleted(core: Core, device: Device): void {
	tell(core, device, "gateway_device_deleted", quote(device.info.name));
}

/** One-way and persistent: repeated at every subscription until the gateway has acknowledged it. */
function tell(core: Core, { info }: Device, method: string, params: string): void {
	const { lastConnectedGateway } = (info.additionalInfo ?? {}) as { lastConnectedGateway?: unknown };
	const gateway = core.devices.byId(String(lastConnectedGateway));
	const expirationTime = core.clock.now() + timeout;
	if (gateway) callPersistently(core, gateway, { method, params, oneway: true, expirationTime, retries });
}
