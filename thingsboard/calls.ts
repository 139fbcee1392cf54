// A server-side RPC on its way to a device, however it was asked for.
import type { Core } from "./core.ts";
import type { Device } from "./devices.ts";
import type { RpcOutcome } from "./rpc.ts";
import type { PersistentRpc } from "./rpc-records.ts";

export interface Call {
	method: string;
	/** JSON text. */
	params: string;
	oneway: boolean;
	/** Epoch milliseconds. */
	expirationTime: number;
	retries?: number;
	additionalInfo?: unknown;
}

/** Calls the device. The promise settles when the caller would be answered. */
export function callDevice(core: Core, device: Device, call: Call): Promise<RpcOutcome> {
	const timeout = call.expirationTime - core.clock.now();
	if (timeout <= 0) return Promise.resolve({ kind: "timeout", pushed: false });
	return new Promise((done) => device.rpc.call({ ...call, timeout, done }, device.session));
}

/** Calls the device and keeps what becomes of it. One whose time is over already is only kept. */
export function callPersistently(core: Core, device: Device, call: Call): PersistentRpc {
	const { method, params, oneway, expirationTime, additionalInfo = null } = call;
	const request = {
		oneway,
		expirationTime,
		body: { method, params },
		persisted: true,
		retries: call.retries ?? null,
	};
	const record = core.rpcs.create({ deviceId: device.id, expirationTime, request, additionalInfo });
	const timeout = expirationTime - core.clock.now();
	if (timeout <= 0) record.status = "EXPIRED";
	else device.rpc.call({ ...call, timeout, record, done: () => undefined }, device.session);
	return record;
}
