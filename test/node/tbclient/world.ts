// A whole world in one process on a told clock: client, virtual board's MQTT client, guards, a bad link, and the stand-in's own server.
import "../../setup.ts";
import { guardMQTTClient } from "guards/mqtt-client";
import MQTTSocket from "guards/mqtt-socket";
import { guardResolver } from "guards/resolver";
import { guardTCP } from "guards/tcp";
import type { ResolveOptions, Socket, SocketOptions, WriteOptions } from "guards/types";
import type { ByteBuffer, MQTTNetwork } from "host/contract";
import MQTTClient from "host/mqtt";
import { makeRandom } from "../../../hosts/virtual/tear.ts";
import type { Clock } from "../../../thingsboard/clock.ts";
import { Core, type Settings } from "../../../thingsboard/core.ts";
import type { Device } from "../../../thingsboard/devices.ts";
import { Connection } from "../../../thingsboard/mqtt/connection.ts";
import type { Wire } from "../../../thingsboard/mqtt/wire.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeResolver, FakeTCP } from "../../fakes/tcp.ts";

export const Epoch = 1_700_000_000_000;

/** The server's time is the specs' clock. */
const serverClock: Clock = {
	now: () => Epoch + clock.now,
	after(ms, action) {
		const entry = clock.at(ms, 0, action);
		return () => clock.cancel(entry);
	},
};

/** One TCP connection through the link of a world. */
class LinkTCP extends FakeTCP {
	static world: World;
	#world = LinkTCP.world;
	#wire: Wire | undefined;
	#dead = false;
	#last = 0; // when the bytes before arrive: order is kept

	constructor(options: SocketOptions) {
		super(options);
		this.#world.sockets.add(this);
		this.#later(() => this.#connect());
	}

	override write(data: number | ByteBuffer, options?: WriteOptions): number {
		const room = super.write(data, options);
		for (const bytes of this.frames.splice(0))
			this.#later(() => {
				this.#wire?.onBytes(bytes);
				this.#later(() => !this.closed && this.drain());
			});
		return room;
	}

	override close(): void {
		super.close();
		this.#world.sockets.delete(this);
		this.#later(() => this.#gone());
	}

	/** The link is cut: what is under way is lost; both sides learn of it when they do. */
	cut(client: number, server: number): void {
		this.#dead = true;
		this.#world.sockets.delete(this);
		clock.at(client, 0, () => this.drop());
		clock.at(server, 0, () => this.#gone());
	}

	#connect(): void {
		if (this.closed) return;
		if (this.#world.refuses) {
			this.drop();
			return;
		}
		const nobody = () => undefined;
		this.#wire = {
			onBytes: nobody,
			onGone: nobody,
			write: (bytes) => {
				for (let times = this.#world.repeats(bytes) ? 2 : 1; times > 0; times--)
					this.#later(() => this.#arrive(Uint8Array.from(bytes)));
			},
			close: () => this.#later(() => this.drop()),
		};
		this.#world.accept(this.#wire);
		this.accept();
	}

	/** In two pieces, cut anywhere. */
	#arrive(bytes: Uint8Array): void {
		if (!this.closed) this.receive(bytes, 1 + Math.floor(this.#world.random() * bytes.length));
	}

	#gone(): void {
		const wire = this.#wire;
		this.#wire = undefined;
		wire?.onGone();
	}

	/** Half a round trip later, unless the link is cut by then. */
	#later(action: () => void): void {
		const { random, delay } = this.#world;
		this.#last = Math.max(this.#last, clock.now + Math.floor(random() * delay));
		clock.at(this.#last - clock.now, 0, () => this.#dead || action());
	}
}

class LinkResolver extends FakeResolver {
	override resolve(question: ResolveOptions): void {
		super.resolve(question);
		clock.at(1, 0, () => this.closed || this.answer());
	}
}

const network: MQTTNetwork = {
	io: guardMQTTClient(MQTTClient),
	dns: { io: guardResolver(LinkResolver) },
	socket: {
		io: MQTTSocket,
		base: { io: guardTCP(LinkTCP as unknown as new (options: SocketOptions) => Socket) },
	},
};

/** Server, link and chance. */
export class World {
	readonly network = network;
	readonly core: Core;
	readonly device: Device;
	readonly random: () => number;
	/** Sockets that are open on the client's side. */
	readonly sockets = new Set<LinkTCP>();
	/** Most ms of half a round trip. */
	delay = 100;
	/** TCP connections fail. */
	refuses = false;
	/** The server refuses the credentials. */
	denies = false;
	/** Some of the server's messages and acknowledgements come twice. */
	stutters = false;
	/** Why connections ended, as the server tells it. */
	readonly ends: string[] = [];

	constructor(seed: number, settings: Partial<Settings> = {}) {
		clock.reset();
		FakeTCP.reset();
		FakeResolver.reset();
		LinkTCP.world = this;
		this.random = makeRandom(seed);
		this.core = new Core({ clock: serverClock, settings, log: (line) => void this.ends.push(line) });
		this.device = this.core.devices.create({ name: "d" }, "token");
	}

	accept(wire: Wire): void {
		if (!this.denies) {
			new Connection(this.core, wire);
			return;
		}
		wire.write(Uint8Array.of(0x20, 2, 0, 5)); // CONNACK: not authorized
		wire.close();
	}

	/** Whether what the server writes comes twice: one packet, a PUBLISH or a PUBACK. */
	repeats([first = 0, length = 0, ...rest]: Uint8Array): boolean {
		const kind = first >> 4;
		return this.stutters && rest.length === length && (kind === 3 || kind === 4) && this.random() < 0.3;
	}

	/** Cuts every connection that is open. */
	cut(client: number, server: number): void {
		for (const socket of [...this.sockets]) socket.cut(client, server);
	}

	close(): void {
		this.core.clock.close();
		clock.reset();
	}
}
