// Composition root, the same for every host: makes the objects and ties their callbacks. No topics, no packets, no logic.
import { command, readings, title, version } from "app";
import { Digest } from "crypt";
import type { JSONObject } from "host/contract";
import device from "host/device";
import Link from "host/link";
import slots from "host/slots";
import Store from "host/store";
import system from "host/system";
import Updater, { sharedNames } from "ota";
import Trial from "ota/trial";
import TBClient from "tbclient";
import Timer from "timer";

const watch = ["telemetryInterval", ...sharedNames];
const RestartDelay = 500; // ms: lets the last acknowledgement leave the chip
const current = { title, version };
const settings = new Store("tb");
const store = new Store("ota");
const report = (values: JSONObject, callback?: (error: Error | null) => void) =>
	client.sendTelemetry(values, callback);
const restart = () => void Timer.set(() => system.restart(), RestartDelay);

const link = new Link({ onChanged: (up) => trace(`link: ${up ? `up, ${link.address}` : "down"}\n`) });

const client = new TBClient({
	...device.network.mqtt,
	host: String(settings.get("host") ?? "127.0.0.1"),
	port: Number(settings.get("port") ?? 1883),
	token: String(settings.get("token") ?? ""),
	random: () => system.random() / 2 ** 32,
	clock: () => (link.clockValid ? Date.now() : undefined),
	outbox: { drop: "oldest" },
	watch,
	onConnected() {
		trace("tb: connected\n");
		trial.prove("connected");
		updater.connected();
		const { host, resetReason } = system;
		client.sendAttributes({ host, resetReason, slot: slots.running.label, stats: { ...client.stats } });
		measure();
	},
	onDisconnected(error) {
		trace(`tb: disconnected: ${error}\n`);
		updater.disconnected();
	},
	onAttributes(values, deleted) {
		updater.withdraw(deleted);
		configure(values);
	},
	onRPC: ({ id, method, params }) => client.respond(id, command(method, params)),
	onFirmware: (count, chunk) => updater.receive(count, chunk),
	onFirmwareError: (text) => updater.sourceError(text),
	onError: (error) => trace(`tb: ${error}\n`),
});

const updater = new Updater({
	...{ current, slots, store, report, digest: Digest, source: client },
	random: () => system.random(),
	conditions: () => ({ rssi: link.RSSI, minute: link.clockValid ? minuteOfDay() : undefined }),
	onState: (state, { written, size, error = "" }) => trace(`ota: ${state} ${written}/${size} ${error}\n`),
	onReady: restart,
});

const trial = new Trial({
	...{ current, slots, store, report, digest: Digest, resetReason: system.resetReason },
	onReady: restart,
	onConfirmed: () => trace("ota: confirmed\n"),
	onRevert: (reason) => trace(`ota: reverting: ${reason}\n`),
});

const telemetry = Timer.repeat(measure, 10_000);

const minuteOfDay = () => Math.floor(Date.now() / 60_000) % 1440;

/** While offline too: a reading keeps its time, and the oldest give way when there are too many. */
function measure(): void {
	try {
		const values = readings();
		trial.prove("application");
		client.sendTelemetry(values, (error) => error ?? trial.prove("acknowledged"));
	} catch (error) {
		trace(`app: readings: ${error}\n`); // a sensor that fails for once must not restart the device
	}
}

/** Shared attributes: `telemetryInterval` in seconds, 1…3600, and whatever concerns firmware. */
function configure(values: JSONObject): void {
	const { telemetryInterval: seconds } = values;
	if (typeof seconds === "number" && seconds >= 1 && seconds <= 3600) {
		Timer.schedule(telemetry, seconds * 1000, seconds * 1000);
		client.sendAttributes({ telemetryInterval: seconds });
	}
	updater.offer(values);
}

trace(`${title} ${version} on ${system.host}, slot ${slots.running.label}, reset ${system.resetReason}\n`);
