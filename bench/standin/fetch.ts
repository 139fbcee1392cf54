// Takes a firmware from a server, or the same bytes from a plain socket, and prints bytes per second. Its one argument is a `Fetch`.
import { connect, type Socket } from "node:net";
import mqttPacket, { type Packet } from "mqtt-packet";

/** Where the bytes are. Without `user` they come by themselves. */
export interface Fetch {
	port: number;
	bytes: number;
	user?: string;
	chunk: number;
	/** Requests on their way. */
	window: number;
}

const { port, bytes, user, chunk, window } = JSON.parse(process.argv[2] ?? "{}") as Fetch;
const chunks = Math.ceil(bytes / chunk);

/** Every byte the plain socket sends. */
function copy(socket: Socket, done: () => void): void {
	let left = bytes;
	socket.on("data", ({ length }) => {
		left -= length;
		if (left <= 0) done();
	});
}

/** Chunk after chunk by ThingsBoard's firmware topics; the second is asked for when the first has come. */
function download(socket: Socket, done: () => void): void {
	const requests = Array.from({ length: chunks }, (_, index) =>
		encode({ cmd: "publish", topic: `v2/fw/request/1/chunk/${index}`, payload: String(chunk), qos: 0 }),
	);
	const parser = mqttPacket.parser();
	let asked = 0;
	let left = bytes;
	const ask = (most: number) => {
		for (; asked < chunks && most > 0; most--) socket.write(requests[asked++] as Buffer);
	};
	parser.on("packet", (packet: Packet) => {
		if (packet.cmd === "suback") ask(1);
		if (packet.cmd !== "publish" || !packet.topic.startsWith("v2/fw/response/")) return;
		left -= packet.payload.length;
		if (left <= 0) done();
		else ask(asked === 1 ? window : 1);
	});
	socket.on("data", (data) => parser.parse(data));
	const subscriptions = [{ topic: "v2/fw/response/+/chunk/+", qos: 0 as const }];
	const hello = { protocolId: "MQTT", protocolVersion: 4, clean: true, clientId: "fetch", keepalive: 60 };
	socket.write(encode({ cmd: "connect", ...hello, username: user } as Packet));
	socket.write(encode({ cmd: "subscribe", messageId: 1, subscriptions }));
}

const encode = (packet: object): Buffer => mqttPacket.generate(packet as Packet);

const socket = connect(port, "127.0.0.1").setNoDelay(true);
await new Promise<void>((done) => socket.once("connect", done));
const began = performance.now();
await new Promise<void>((done) => (user ? download : copy)(socket, done));
console.log(JSON.stringify({ perSecond: Math.round((1000 * bytes) / (performance.now() - began)) }));
process.exit(0);
