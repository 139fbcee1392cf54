// The load generator, a process of its own: every packet is encoded before the first is sent, a window of them is on its way.
// Its one argument is a `Job` as JSON; it prints a `Load` as JSON.
import { connect, type Socket } from "node:net";
import mqttPacket, { type Packet } from "mqtt-packet";
import { Acks } from "./acks.ts";
import { cpuMicros } from "./cpu.ts";

/** What is to be sent, and to whom. Times in milliseconds. */
export interface Job {
	port: number;
	/** The process whose processor time is counted. */
	pid: number;
	/** User names: one connection each. */
	users: string[];
	topic: string;
	payload: string;
	/** Messages of one connection that are not acknowledged yet. */
	window: number;
	warmUp: number;
	time: number;
}

/** What came of it. */
export interface Load {
	perSecond: number;
	/** Processor time of the server per acknowledged message; null where it cannot be read. */
	cpuMicros: number | null;
}

let acknowledged = 0;

/** A connection that keeps its window full. Resolves when it is connected. */
function client({ port, topic, payload, window }: Job, username: string): Promise<() => void> {
	const packets = Array.from({ length: window }, (_, i) =>
		encode({ cmd: "publish", topic, payload, qos: 1, messageId: i + 1, dup: false, retain: false }),
	);
	const socket = connect(port, "127.0.0.1").setNoDelay(true);
	socket.write(encode(hello(username)));
	return new Promise((done, fail) => {
		socket.once("error", fail);
		socket.once("data", (connack) => {
			if (connack.length !== 4 || connack[3] !== 0)
				return fail(new Error(`load: expected CONNACK 0, got ${connack.toString("hex")}`));
			done(() => run(socket, packets));
		});
	});
}

function run(socket: Socket, packets: Buffer[]): void {
	const acks = new Acks();
	socket.on("close", () => {
		throw new Error("load: expected the connection to last, the server closed it");
	});
	socket.on("data", (bytes) => {
		const next: Buffer[] = [];
		acks.take(bytes, (id) => next.push(packets[id - 1] as Buffer));
		acknowledged += next.length;
		socket.write(Buffer.concat(next));
	});
	socket.write(Buffer.concat(packets));
}

const encode = (packet: Packet): Buffer => mqttPacket.generate(packet);

const hello = (username: string): Packet =>
	({
		...{ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 60 },
		...{ clientId: username, username },
	}) as Packet;

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const job = JSON.parse(process.argv[2] ?? "{}") as Job;
const starts = await Promise.all(job.users.map((user) => client(job, user)));
for (const start of starts) start();
await pause(job.warmUp);
const before = { acknowledged, cpu: cpuMicros(job.pid), at: performance.now() };
await pause(job.time);
const count = acknowledged - before.acknowledged;
const cpu = (cpuMicros(job.pid) - before.cpu) / count;
const load: Load = {
	perSecond: Math.round((1000 * count) / (performance.now() - before.at)),
	cpuMicros: Number.isFinite(cpu) ? Math.round(cpu * 10) / 10 : null,
};
console.log(JSON.stringify(load));
process.exit(0);
