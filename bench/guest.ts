// What is measured: the objects of main.ts, made and used when the clock says so. Second 1: they are made. From `from` to `to`:
// one telemetry message a second, and again from `again` to `until`. NVS `bench`/`stage` = 1: only the MQTT client beneath them, without any of ours.
import { Digest } from "crypt";
import type { JSONObject } from "host/contract";
import device from "host/device";
import verify from "host/signature";
import slots from "host/slots";
import Store from "host/store";
import system from "host/system";
import Updater from "ota";
import { signedBy } from "ota/signature";
import Trial from "ota/trial";
import TBClient, { type RPC } from "tbclient";
import type { ChunkInfo } from "tbclient/inbound";
import Timer from "timer";

const settings = new Store("bench");
const transportOnly = settings.get("stage") === 1;
const from = Number(settings.get("from") ?? 0);
const to = Number(settings.get("to") ?? 0);
const queue = Number(settings.get("queue") ?? 0); // messages that are handed over in second 2
const again = Number(settings.get("again") ?? 0);
const until = Number(settings.get("until") ?? 0);
const chunkSize = Number(settings.get("chunk") ?? 0) || undefined;
const keys = [`04${"11".repeat(64)}`]; // of nobody: what is measured ends before the signature is looked at
const inspect =
	settings.get("signed") === 1 ? signedBy({ kind: "firmware", keys, digest: Digest, verify }) : undefined;
const conditions = () => ({ battery: 100, rssi: -50, minute: 600 });
const server = { host: "127.0.0.1", port: 1883 };
const current = { title: "bench", version: "1.0.0" };
const kept: unknown[] = [];
let client: TBClient | undefined;
let updater: Updater | undefined;
let trial: Trial | undefined;
let second = 0;
let count = 10;

const ignore = () => {};

// What an application brings along is made with the module: it is not ours, and on the chip functions are in flash.
const callbacks = {
	onConnected() {
		trial?.prove("connected");
		updater?.connected();
		trace("connected\n");
	},
	onDisconnected: () => updater?.disconnected(),
	onAttributes(values: JSONObject, deleted: string[]) {
		updater?.offer(values, deleted);
	},
	onRPC({ id }: RPC) {
		client?.respond(id, {});
	},
	onFirmware: (count: number, chunk: ChunkInfo) => updater?.receive(count, chunk),
	onFirmwareError: (text: string) => updater?.sourceError(text),
	onWritable: () => updater?.writable(),
	onError: (error: unknown) => trace(`${error}\n`),
};
const options = {
	...device.network.mqtt,
	...server,
	...callbacks,
	token: "token",
	random: () => 0.5,
	outbox: { messages: 300, bytes: 30_000 },
};
const report = (values: JSONObject, callback?: (error: Error | null) => void) =>
	client?.sendTelemetry(values, callback);
const random = () => 1;
const onState = (state: string, { error }: { error?: string | undefined }) => {
	if (state === "DOWNLOADED") trace(`tally ${JSON.stringify(updater?.stats)}\n`);
	trace(`${state} ${error ?? ""}\n`);
};
const store = new Store("ota");
const hooks = { onSocket: ignore, onFailure: ignore, onConnack: ignore, onEmptyPublish: ignore };

/** An MQTT client with every callback that ours gives it. */
function transport(): void {
	const { io, dns, socket } = device.network.mqtt;
	const calls = { onReadable: ignore, onWritable: ignore, onControl: ignore, onError: ignore, target: hooks };
	const login = { user: "token", clean: true, keepAlive: 30_000 };
	kept.push(new io({ dns, socket: { ...socket, hooks }, ...server, ...login, ...calls }));
}

function application(): void {
	client = new TBClient(options);
	const onReady = ignore;
	updater = new Updater({
		...{ current, slots, store, digest: Digest, source: client, report, random },
		onState,
		onReady,
		conditions,
		resetReason: system.resetReason,
		...(chunkSize && { chunkSize }),
		...(inspect && { inspect }),
	});
	trial = new Trial({ current, slots, store, resetReason: system.resetReason, report });
}

/** A message of 45 bytes. */
function send(): void {
	count = (count % 90) + 10;
	client?.sendTelemetry({ temperature: 21.5, humidity: 40, count });
}

Timer.repeat(() => {
	second += 1;
	if (second === 1) (transportOnly ? transport : application)();
	if (second === 2) for (let i = 0; i < queue; i++) send();
	if ((second >= from && second < to) || (second >= again && second < until)) send();
}, 1000);
