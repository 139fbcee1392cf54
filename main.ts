// Composition root, the same for every host: makes the objects and ties their callbacks. No topics, no packets, no logic.
import * as app from "app";
import { Digest } from "crypt";
import type { JSONObject } from "host/contract";
import device from "host/device";
import Link from "host/link";
import pins from "host/pins";
import verify from "host/signature";
import slots from "host/slots";
import Store from "host/store";
import system from "host/system";
import config from "mc/config";
import Updater, { sharedNames } from "ota";
import { signedBy } from "ota/signature";
import Trial from "ota/trial";
import { Commands } from "service/commands";
import { Health } from "service/health";
import { LateStore } from "service/late-store";
import { Log } from "service/log";
import { Sampler } from "service/sampler";
import { factoryReset, serverSettings } from "service/settings";
import TBClient from "tbclient";
import { healthOf } from "tbclient/health";
import Timer from "timer";

const watch = ["telemetryInterval", "healthInterval", ...sharedNames];
const RestartDelay = 500; // ms: lets the last acknowledgement leave the chip
const { command, readings, title, version } = app;
const current = { title, version };
const { commands: enabled = [], updateKeys: keys } = config;
const log = new Log();
const store = new LateStore(Store, "ota", log);
const report = (values: JSONObject, callback?: (error: Error | null) => void) =>
	client.sendTelemetry(values, callback);
const restart = () => void Timer.set(() => system.restart(), RestartDelay);

const link = new Link({
	onChanged: (up) => log.info(`link: ${up ? `up, ${link.address}` : "down"}`),
	onError: (text) => log.error(text),
});

const server = serverSettings(device, Store, log);
const client = new TBClient({
	...server,
	random: () => system.random() / 2 ** 32,
	clock: () => (link.clockValid ? Date.now() : undefined),
	outbox: { drop: "oldest" },
	watch,
	onConnected() {
		log.info("tb: connected");
		trial.prove("connected");
		updater.connected();
		const { host, resetReason } = system;
		client.sendAttributes({ host, resetReason, slot: slots.running.label, stats: { ...client.stats } });
		health.tell();
		sampler.sample();
	},
	onDisconnected(error) {
		log.error(`tb: disconnected: ${error}`);
		updater.disconnected();
	},
	onAttributes(values, deleted) {
		configure(values);
		updater.offer(values, deleted); // at once: a rule may go in the message that changes the package
	},
	onRPC: ({ id, method, params }) =>
		client.respond(id, commands.has(method) ? commands.call(method, params) : command(method, params)),
	onFirmware: (count, chunk) => updater.receive(count, chunk),
	onFirmwareError: (text) => updater.sourceError(text),
	onWritable: () => updater.writable(),
	onError: (error) => log.error(`tb: ${error}`),
});

const updater = new Updater({
	...{ current, slots, store, report, digest: Digest, source: client },
	...(keys && { inspect: signedBy({ kind: "firmware", keys, digest: Digest, verify }) }),
	...("secure" in server && { chunkSize: 4096 }), // larger records do not fit TLS's buffer
	random: () => system.random(),
	resetReason: system.resetReason,
	conditions: () => ({
		battery: app.battery?.(),
		rssi: link.RSSI,
		minute: link.clockValid ? Math.floor(Date.now() / 60_000) % 1440 : undefined,
	}),
	onHold: (reason) => log.info(reason ? `ota: held: ${reason}` : "ota: goes on"),
	onState(state, { written, size, error = "" }) {
		log.info(`ota: ${state} ${written}/${size} ${error}`);
		if (written) report({ fw_progress: Math.floor((100 * written) / size) });
	},
	onReady: restart,
});

const trial = new Trial({
	...{ current, slots, store, report, digest: Digest, resetReason: system.resetReason },
	onReady: restart,
	onConfirmed: () => log.info("ota: confirmed"),
	onStage: (stage, error = "") => log.info(`ota: trial: ${stage} ${error}`),
});

const commands = new Commands({ enabled, system, pins, log, reset: () => factoryReset(Store) });
const health = new Health({ system, link: () => link, log, report, more: () => healthOf(client.stats) });
/** While offline too: a reading keeps its time, and the oldest give way when there are too many. */
const sampler = new Sampler({
	...{ read: readings, send: report, log },
	onRead: () => trial.prove("application"),
	onAcknowledged: () => trial.prove("acknowledged"),
});

/** Shared attributes: each part takes those that are its own. */
function configure(values: JSONObject): void {
	if (sampler.configure(values)) client.sendAttributes({ telemetryInterval: sampler.interval });
	health.configure(values);
}

log.info(`${title} ${version} on ${system.host}, slot ${slots.running.label}, reset ${system.resetReason}`);
