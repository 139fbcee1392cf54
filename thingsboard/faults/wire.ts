// Faults of the connection.
import type { Device, DeviceSession } from "../devices.ts";
import { FaultError, type FaultRow } from "./row.ts";

const code = { unit: "CONNACK code", min: 1, max: 255 };
const bytes = { unit: "bytes", min: 0, max: 1e9 };
const ms = { unit: "ms", min: 0, max: 3_600_000 };
const count = { unit: "times", min: 0, max: 1e6 };

export const wireFaults = [
	{
		name: "close",
		what: "The connection ends now, without a word.",
		on: "device",
		lasts: "now",
		act: (_core, device) => live(device).drop("fault: close"),
	},
	{
		name: "dropAfterBytes",
		what: "The connection ends after so many more bytes to the device, in the middle of a packet if need be.",
		on: "device",
		lasts: "once",
		value: bytes,
	},
	{
		name: "dropAfterReceived",
		what: "The connection ends after so many more bytes from the device, in the middle of its packet if need be.",
		on: "device",
		lasts: "once",
		value: bytes,
	},
	{
		name: "refuse",
		what: "The next connection gets this CONNACK code (at MQTT 5 as it is); see refuseTimes.",
		on: "device",
		lasts: "once",
		value: code,
	},
	{
		name: "refuseTimes",
		what: "How many connections `refuse` holds for; without it, one.",
		on: "device",
		lasts: "once",
		value: count,
	},
	{
		name: "nextId",
		what: "The next message to the device carries this packet id, now or once it connects; after 65535 comes 0.",
		on: "device",
		lasts: "once",
		value: { unit: "packet id", min: 0, max: 65_536 },
	},
	{
		name: "halfOpen",
		what: "From now on the server hears nothing and says nothing on this connection, and does not end it.",
		on: "device",
		lasts: "now",
		act: (_core, device) => live(device).silence(),
	},
	{
		name: "delay",
		what: "Every byte, in both directions, takes so much longer.",
		on: "device",
		lasts: "until cleared",
		value: ms,
	},
	{
		name: "bandwidth",
		what: "Each direction carries no more than so many bytes per second.",
		on: "device",
		lasts: "until cleared",
		value: { unit: "bytes/s", min: 1, max: 1e9 },
	},
	{
		name: "loseAcks",
		what: "The next PUBACKs are not sent, although the messages are processed.",
		on: "device",
		lasts: "once",
		value: count,
	},
	{
		name: "delayAcks",
		what: "Every PUBACK comes so much later; other packets overtake it.",
		on: "device",
		lasts: "until cleared",
		value: ms,
	},
	{
		name: "reorderAcks",
		what: "PUBACKs are held back in groups of so many and leave last first; a group that does not fill leaves after 1 s.",
		on: "device",
		lasts: "until cleared",
		value: { unit: "PUBACKs", min: 2, max: 100 },
	},
	{
		name: "takeOver",
		what: "Somebody else connects as the device, so often: its session is closed now, or as soon as it connects.",
		on: "device",
		lasts: "once",
		value: count,
	},
	{
		name: "sessionPresent",
		what: "The next CONNACK says that a session is present, also to a client that asked for a clean one.",
		on: "device",
		lasts: "once",
	},
	{
		name: "lateSubscribe",
		what: "A subscription is granted at once but works only so much later: what happens in between is missed.",
		on: "device",
		lasts: "until cleared",
		value: ms,
	},
	{
		name: "clockJump",
		what: "The server's wall clock jumps; waits that have begun are not shortened, idle sessions notice.",
		on: "server",
		lasts: "now",
		value: { unit: "ms", min: -1e12, max: 1e12 },
		act: (core, _device, value) => core.clock.jump(value),
	},
] as const satisfies readonly FaultRow[];

/** The device's session. Throws when it is not connected. */
export function live(device: Device | undefined): DeviceSession {
	if (device?.session) return device.session;
	throw new FaultError("fault: expected a connected device");
}
