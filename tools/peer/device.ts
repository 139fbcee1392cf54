// A device made of a raw socket and mqtt-packet: it sends what it is told, right or wrong, and keeps what comes.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import mqttPacket, { type IConnackPacket, type IPublishPacket, type Packet } from "mqtt-packet";

/** Where MQTT is listened on. With `tls` it is spoken over TLS. */
export interface Broker {
	host: string;
	port: number;
	tls?: ConnectionOptions;
}

/** A PUBLISH that came, its payload as text. */
export interface Message {
	topic: string;
	text: string;
	payload: Buffer;
	qos: number;
	id: number | undefined;
}

/** What `next` can give: a packet, the end of the connection, or nothing within the patience. */
export type Came = Packet | "closed" | "silence";

/** Longest wait for something that should come, milliseconds. */
const defaultPatience = 10_000;

/** One connection. */
export class RawDevice {
	readonly socket: Socket;
	#version: 3 | 4 | 5 = 4;
	#came: Packet[] = [];
	#closed = false;
	#wake: () => void = () => undefined;
	#nextId = 1;
	#patience: number;

	constructor({ host, port, tls }: Broker, patience = defaultPatience) {
		this.#patience = patience;
		this.socket = tls ? connectTls({ host, port, ...tls }) : connect(port, host);
		this.socket.on("error", () => undefined); // "close" follows
		this.socket.on("close", () => {
			this.#closed = true;
			this.#wake();
		});
		this.#read();
	}

	/** Opens a connection and logs in with an access token (or with the fields of `over`). @throws Error unless CONNACK is 0. */
	static async online(
		broker: Broker,
		token: string,
		over: object = {},
		patience = defaultPatience,
	): Promise<RawDevice> {
		const device = new RawDevice(broker, patience);
		const { returnCode, reasonCode } = await device.hello({ username: token, ...over });
		if ((reasonCode ?? returnCode) === 0) return device;
		throw new Error(`CONNECT: expected code 0, got ${reasonCode ?? returnCode}`);
	}

	/** Sends CONNECT (MQTT 3.1.1, clean, unless `over` says otherwise) and gives the CONNACK. */
	async hello(over: object = {}): Promise<IConnackPacket> {
		this.connect(over);
		const packet = await this.next();
		if (typeof packet === "object" && packet.cmd === "connack") return packet;
		throw new Error(`CONNECT: expected CONNACK, got ${nameOf(packet)}`);
	}

	/** Sends CONNECT and waits for nothing. */
	connect(over: object = {}): void {
		const basis = { cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true };
		const packet = { ...basis, clientId: "raw", keepalive: 60, ...over } as Packet & {
			protocolVersion: 3 | 4 | 5;
		};
		this.#version = packet.protocolVersion;
		this.#read();
		this.send(packet);
	}

	send(...packets: Packet[]): void {
		const options = { protocolVersion: this.#version };
		this.bytes(Buffer.concat(packets.map((packet) => mqttPacket.generate(packet, options))));
	}

	/** Any bytes, sane or not. */
	bytes(bytes: Uint8Array): void {
		if (this.socket.writable) this.socket.write(bytes);
	}

	/** Publishes and waits for nothing. Returns the packet id. */
	publish(topic: string, payload: string | Buffer, qos: 0 | 1 | 2 = 1): number {
		const messageId = this.#nextId++;
		this.send({ cmd: "publish", topic, payload, qos, messageId, dup: false, retain: false });
		return messageId;
	}

	/** Publishes at QoS 1 and waits for its PUBACK; what comes before it is kept for `next`. */
	async acknowledged(topic: string, payload: string | Buffer): Promise<void> {
		const id = this.publish(topic, payload);
		await this.pick(`PUBACK ${id}`, (packet) => packet.cmd === "puback" && packet.messageId === id);
	}

	/** Subscribes at QoS 1 and gives the granted codes. */
	async subscribe(...topics: string[]): Promise<number[]> {
		const messageId = this.#nextId++;
		this.send({
			cmd: "subscribe",
			messageId,
			subscriptions: topics.map((topic) => ({ topic, qos: 1 as const })),
		});
		const packet = await this.pick("SUBACK", ({ cmd }) => cmd === "suback");
		return packet.cmd === "suback" ? (packet.granted as number[]) : [];
	}

	/** The next PUBLISH (whose topic begins with `prefix`), acknowledged if it asks for it. */
	async message(prefix = "", ms = this.#patience): Promise<Message> {
		const mine = (packet: Packet) => packet.cmd === "publish" && packet.topic.startsWith(prefix);
		const packet = (await this.pick(`a PUBLISH on ${prefix}…`, mine, ms)) as IPublishPacket;
		if (packet.qos && packet.messageId) this.send({ cmd: "puback", messageId: packet.messageId });
		const payload = Buffer.from(packet.payload);
		const { topic, qos, messageId } = packet;
		return { topic, text: payload.toString(), payload, qos, id: messageId };
	}

	/** What comes next, within `ms`. */
	async next(ms = this.#patience): Promise<Came> {
		if (!this.#came.length) await this.#waited(ms);
		return this.#came.shift() ?? (this.#closed ? "closed" : "silence");
	}

	/** The first packet that is wanted; others stay for later. @throws Error with what came instead. */
	async pick(what: string, wanted: (packet: Packet) => boolean, ms = this.#patience): Promise<Packet> {
		const end = Date.now() + ms;
		for (;;) {
			const at = this.#came.findIndex(wanted);
			const [packet] = at < 0 ? [] : this.#came.splice(at, 1);
			if (packet) return packet;
			const left = end - Date.now();
			const seen = this.#came.map(nameOf).join(", ") || "nothing";
			if (this.#closed) throw new Error(`expected ${what}, the connection was closed after ${seen}`);
			if (left <= 0) throw new Error(`expected ${what} within ${ms} ms, got ${seen}`);
			await this.#waited(left);
		}
	}

	/** Resolves when the server has closed the connection. @throws Error after `ms`. */
	async closed(ms = this.#patience): Promise<void> {
		const end = Date.now() + ms;
		while (!this.#closed) {
			if (Date.now() >= end) throw new Error(`expected the connection to be closed within ${ms} ms`);
			await this.#waited(end - Date.now());
		}
	}

	/** Everything that came and was not taken yet, taken now. */
	take(): Packet[] {
		return this.#came.splice(0);
	}

	/** Ends the connection without DISCONNECT. Twice is fine. */
	async end(): Promise<void> {
		if (this.#closed) return;
		const gone = once(this.socket, "close");
		this.socket.destroy();
		await gone;
	}

	#read(): void {
		const parser = mqttPacket.parser({ protocolVersion: this.#version });
		parser.on("packet", (packet: Packet) => {
			this.#came.push(packet);
			this.#wake();
		});
		parser.on("error", () => this.socket.destroy());
		this.socket.removeAllListeners("data").on("data", (bytes) => parser.parse(bytes));
	}

	#waited(ms: number): Promise<void> {
		return new Promise((done) => {
			if (this.#closed) return done();
			const timer = setTimeout(done, ms);
			this.#wake = () => {
				clearTimeout(timer);
				done();
			};
		});
	}
}

/** A packet's name with its id and code, e.g. `puback 7`. */
export function nameOf(came: Came): string {
	if (typeof came === "string") return came;
	if (came.cmd === "publish") return `publish ${came.topic} ${came.payload}`;
	const code = "returnCode" in came ? came.returnCode : "reasonCode" in came ? came.reasonCode : undefined;
	return [came.cmd, came.messageId, code && `code ${code}`].filter(Boolean).join(" ");
}
