// The gateway on a virtual board, with an updater of its own beside its children. NVS `tb`: host, port, token.
import { Digest } from "crypt";
import { server, token } from "examples/settings";
import type { JSONObject } from "host/contract";
import slots from "host/slots";
import Store from "host/store";
import system from "host/system";
import config from "mc/config";
import Updater from "ota";
import Trial from "ota/trial";
import TBClient from "tbclient";
import Timer from "timer";
import { Puppet } from "./gateway-puppet.ts";

const current = { title: config.title, version: config.version };
const report = (values: JSONObject, callback?: (error: Error | null) => void) =>
	client.sendTelemetry(values, callback);
const store = new Store("ota");
const restart = (): void => void Timer.set(() => system.restart(), 300);

const client = new TBClient({
	...server,
	token,
	onConnected() {
		trace(`ready ${current.version}\n`);
		trial.prove("connected");
		trial.prove("application");
		client.sendAttributes({ running: current.version }, (error) => error || trial.prove("acknowledged"));
		updater.connected();
	},
	onDisconnected(error) {
		trace(`disconnected ${error}\n`);
		updater.disconnected();
	},
	onAttributes(values, deleted) {
		updater.offer(values, deleted);
	},
	onRPC: (call) => puppet.call(call),
	onFirmware: (count, chunk) => updater.receive(count, chunk),
	onFirmwareError: (text) => updater.sourceError(text),
	onWritable: () => updater.writable(),
	onError: (error) => trace(`${error}\n`),
});
const puppet = new Puppet(client);
const updater = new Updater({
	...{ current, slots, store, report, digest: Digest, source: client },
	random: () => system.random(),
	onState: (state, { error = "" }) => trace(`ota ${state} ${error}\n`),
	onReady: restart,
});
const trial = new Trial({
	...{ current, slots, store, report, digest: Digest, resetReason: system.resetReason },
	onReady: restart,
});
if (current.version !== "1.0.0") puppet.gateway.connect(new Store("tb").get("child") as string);
