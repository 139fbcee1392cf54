// What is measured: the objects of main.ts, made and used when the clock says so. Second 1: they are made. From `from` to `to`:
// one telemetry message a second. NVS `bench`/`stage` = 1: only the MQTT client beneath them, without any of ours.
import { Digest } from "crypt";
import type { JSONObject } from "host/contract";
import device from "host/device";
import slots from "host/slots";
import Store from "host/store";
import system from "host/system";
import Updater from "ota";
import Trial from "ota/trial";
import TBClient from "tbclient";
import Timer from "timer";

const settings = new Store("bench");
const transportOnly = settings.get("stage") === 1;
const from = Number(settings.get("from") ?? 0);
const to = Number(settings.get("to") ?? 0);
const server = { host: "127.0.0.1", port: 1883 };
const current = { title: "bench", version: "1.0.0" };
const kept: unknown[] = [];
let client: TBClient | undefined;
let second = 0;

function transport(): void {
	const { io, ...network } = device.network.mqtt;
	kept.push(new io({ ...network, ...server, user: "token", clean: true, keepAlive: 30_000, onControl() {} }));
}

function application(): void {
	const store = new Store("ota");
	const made = new TBClient({
		...device.network.mqtt,
		...server,
		token: "token",
		random: () => 0.5,
		onConnected() {
			trial.prove("connected");
			updater.connected();
			trace("connected\n");
		},
		onDisconnected: () => updater.disconnected(),
		onAttributes(values, deleted) {
			updater.offer(values);
			updater.withdraw(deleted);
		},
		onRPC({ id }) {
			made.respond(id, {});
		},
		onFirmware: (count, chunk) => updater.receive(count, chunk),
		onFirmwareError: (text) => updater.sourceError(text),
		onError: (error) => trace(`${error}\n`),
	});
	const report = (values: JSONObject, callback?: (error: Error | null) => void) =>
		made.sendTelemetry(values, callback);
	const random = () => 1;
	const updater = new Updater({
		...{ current, slots, store, digest: Digest, source: made, report, random },
		onState: (state, { error }) => {
			if (state === "DOWNLOADED") trace(`tally ${JSON.stringify(updater.stats)}\n`);
			trace(`${state} ${error ?? ""}\n`);
		},
		onReady: () => trace("ready\n"),
	});
	const trial = new Trial({ current, slots, store, resetReason: system.resetReason, report });
	client = made;
	kept.push(updater, trial);
}

Timer.repeat(() => {
	second += 1;
	if (second === 1) (transportOnly ? transport : application)();
	else if (second >= from && second < to)
		client?.sendTelemetry({ temperature: 21.5, humidity: 40, count: second });
}, 1000);
