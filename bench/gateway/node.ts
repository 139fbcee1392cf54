// TBGateway on Node under the load: readings of three values from many children, as many as the queue takes at a time.
import "../../test/setup.ts";
import TBGateway from "gateway";
import TBClient from "tbclient";
import { reading } from "../telemetry/load.ts";
import NodeMQTT from "../telemetry/mqtt.ts";
import { nameOf, type Outcome, taskOf } from "./load.ts";

const task = taskOf();
const Waiting = 1000; // readings that may wait or be in flight
const Tail = 3 * Waiting; // sent after those that are measured, so that the load does not thin out at the end
const all = task.warmUp + task.messages;

let sent = 0;
let done = 0;
let connected = 0;
let start = 0;
let cpu = process.cpuUsage();
let bytes = 0;

const fail = (error: unknown): never => {
	console.error(String(error));
	process.exit(1);
};
const client = new TBClient({
	...{ io: NodeMQTT, dns: { io: null }, socket: { io: null } },
	...{ host: task.host, port: task.port, token: task.token },
	inFlight: task.window,
	onDisconnected: fail,
	onError: fail,
});
const gateway = new TBGateway({
	client,
	children: task.children,
	queue: { messages: Waiting, bytes: 1 << 20, total: 1 << 20 },
	inFlight: task.window - 1,
	onConnected() {
		connected += 1;
		if (connected === task.children) while (sent < Waiting) send();
	},
	onError: fail,
});
for (let child = 0; child < task.children; child++) gateway.connect(nameOf(task, child));

/** Bytes of what is published, on the wire: fixed header, topic, packet identifier, payload (MQTT 3.1.1, 3.3). */
const publish = client.publish.bind(client);
client.publish = (topic, payload, options) => {
	const rest = 4 + topic.length + Buffer.byteLength(payload as string);
	bytes += 1 + (rest < 128 ? 1 : rest < 16_384 ? 2 : 3) + rest;
	publish(topic, payload, options);
};

function send(): void {
	const child = sent % task.children;
	sent += 1;
	gateway.sendTelemetry(nameOf(task, child), reading(sent), acknowledged);
}

function acknowledged(error: Error | null): void {
	if (error) fail(error);
	done += 1;
	if (done === task.warmUp) begin();
	if (done === all) end();
	if (sent < all + Tail) send();
}

function begin(): void {
	start = performance.now();
	cpu = process.cpuUsage();
}

function end(): void {
	const { user, system } = process.cpuUsage(cpu);
	const outcome: Outcome = {
		version: `Node ${process.versions.node}`,
		milliseconds: performance.now() - start,
		cpu: user + system,
		messages: task.messages,
		bytesPerValue: bytes / gateway.stats.values, // of the whole run: it does not depend on time
	};
	console.log(JSON.stringify(outcome));
	process.exit(0);
}
