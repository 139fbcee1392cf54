// One connection after the other: connect deadline, when to try again, and the one place that guards callbacks.
import type { MQTTClient, MQTTControl, MQTTHooks, MQTTReadInfo } from "host/contract";
import type { Login } from "tbclient/credentials";
import { errorOf, Stage, silence } from "tbclient/ends";
import { reasonOf, TBError } from "tbclient/errors";
import { Pace } from "tbclient/pace";
import type { Server } from "tbclient/server";
import Time from "time";
import Timer from "timer";

const ConnectTimeout = 30_000;
// ThingsBoard numbers what it publishes without wrapping: the 65 536th message of a connection has the illegal identifier 0.
const Renew = 60_000;
const RenewNow = 65_000;
const Busy = 3; // CONNACK: server unavailable
const ClockPoll = 1_000; // ms
const RenewCheck = 1_000; // ms

/** Where to connect, and as whom; all defaults are filled in (tbclient/options). */
export interface ConnectionOptions extends Server {
	login: Login;
	/** ms. */
	keepAlive: number;
	/** 0…1, for the jitter of the back-off. */
	random: () => number;
	/** ms since 1970 once known: TLS waits for it, as certificates have dates. */
	clock?: (() => number | undefined) | undefined;
	/** Gets a line for each step. */
	log?: ((text: string) => void) | undefined;
}

/** What a connection tells. Nothing is called from inside a method of `Connection`. */
export interface ConnectionEvents {
	/** Accepted by the server; `onWritable` follows at once. */
	onUp(): void;
	/** Failed, refused or lost; the next attempt is already due. */
	onDown(error: TBError): void;
	/** A fragment of `count` bytes waits in `mqtt`. */
	onReadable(mqtt: MQTTClient, count: number, info: MQTTReadInfo): void;
	/** Room for `count` bytes. */
	onWritable(count: number): void;
	onControl(message: MQTTControl): void;
	/** A message without payload; at QoS 1 it waits for a PUBACK of ours. */
	onEmptyPublish(topic: string, QoS: number, id: number): void;
	/** Nothing that was sent waits for its answer, so a close is not one. */
	isIdle(): boolean;
}

/** Connects, and connects again after every loss, until `close()`. */
export class Connection {
	#options: ConnectionOptions;
	#events: ConnectionEvents;
	#pace: Pace;
	#mqtt: MQTTClient | undefined;
	#life = 0; // tells callbacks of an earlier client from those of the present one
	#depth = 0;
	#stage: number = Stage.name;
	#since = 0;
	#received = 0; // messages on this connection
	#refused: number | undefined;
	#ended: { failure: unknown } | undefined; // told by the socket below
	#timer: ReturnType<typeof Timer.set> | undefined;
	#told = false; // that the time is not known
	#closed = false;

	/** The first attempt starts in a later turn. */
	constructor(options: ConnectionOptions, events: ConnectionEvents) {
		this.#options = options;
		this.#events = events;
		this.#pace = new Pace(options.random);
		this.#wait(0);
	}

	/** The client that takes packets: accepted by the server, not lost since. */
	get ready(): MQTTClient | undefined {
		return this.#stage === Stage.up ? this.#mqtt : undefined;
	}

	/** Ends this connection for a reason and starts over; `onDown` comes in a later turn. */
	drop(error: TBError): void {
		if (this.#closed) return;
		const life = this.#life;
		this.#arm(() => life === this.#life && this.#lost(error), 0);
	}

	/** No event after this. */
	close(): void {
		this.#closed = true;
		this.#release();
	}

	#arm(action: () => void, ms: number): void {
		Timer.clear(this.#timer);
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			action();
		}, ms);
	}

	#wait(ms: number): void {
		this.#arm(() => this.#connect(), ms);
	}

	#connect(): void {
		const { socket, clock } = this.#options;
		if (socket.secure && clock && clock() === undefined) this.#timeless();
		else this.#attempt();
	}

	/** Before the time is known every certificate looks as if it were not valid yet. Told once, looked at every second. */
	#timeless(): void {
		this.#wait(ClockPoll);
		if (this.#told) return;
		this.#told = true;
		const text = `connect to ${this.#where()}: expected the time, which TLS checks certificates by; it is not known yet`;
		this.#events.onDown(new TBError("TB_CLOCK", text));
	}

	#attempt(): void {
		this.#options.log?.(`connect to ${this.#where()}`);
		this.#told = false;
		this.#stage = Stage.name;
		this.#received = 0;
		this.#refused = undefined;
		this.#ended = undefined;
		const life = ++this.#life;
		this.#arm(() => this.#lost(silence(this.#stage, this.#where(), ConnectTimeout)), ConnectTimeout);
		try {
			this.#mqtt = this.#open(life);
		} catch (error) {
			this.#lost(new TBError("TB_LOST", `connect to ${this.#where()}: ${reasonOf(error)}`, error));
		}
	}

	#where(): string {
		return `${this.#options.host}:${this.#options.port}`;
	}

	#open(life: number): MQTTClient {
		const { io, dns, socket, host, port, login, keepAlive } = this.#options;
		const guard = (action: () => void) => this.#guard(life, action);
		const events = this.#events;
		const mqtt: MQTTClient = new io({
			dns,
			socket: { ...socket, hooks: { ...socket.hooks, ...this.#hooks(guard) } },
			host,
			port,
			...login,
			clean: true,
			keepAlive,
			onReadable: (count, info) =>
				guard(() => {
					if (info.topic !== undefined) this.#count();
					events.onReadable(mqtt, count, info);
				}),
			onWritable: (count) => guard(() => this.#writable(count)),
			onControl: (message) => guard(() => events.onControl(message)),
			onError: () => guard(() => this.#failed()),
		});
		return mqtt;
	}

	#hooks(guard: (action: () => void) => void): MQTTHooks {
		return {
			onSocket: (open) =>
				guard(() => {
					this.#stage = open ? Stage.connack : Stage.socket;
				}),
			onFailure: (failure) =>
				guard(() => {
					this.#ended = { failure };
				}),
			onConnack: (code) =>
				guard(() => {
					if (code) this.#refused = code;
					else this.#stage = Stage.accepted;
				}),
			onEmptyPublish: (topic, QoS, packet) =>
				guard(() => {
					this.#count();
					this.#events.onEmptyPublish(topic, QoS, packet);
				}),
		};
	}

	/** Nothing thrown may reach the MQTT client: in the SDK that aborts the device. */
	#guard(life: number, action: () => void): void {
		if (this.#closed || life !== this.#life) return;
		this.#depth += 1;
		try {
			action();
		} catch (error) {
			this.drop(new TBError("TB_LOST", `connection to ${this.#where()}: ${reasonOf(error)}`, error));
		} finally {
			this.#depth -= 1;
		}
	}

	/** The first invitation to write after CONNACK is when the client takes packets. */
	#writable(count: number): void {
		if (this.#stage === Stage.accepted) {
			this.#stage = Stage.up;
			this.#options.log?.(`accepted by ${this.#where()}`);
			this.#since = Time.ticks;
			Timer.clear(this.#timer);
			this.#timer = undefined;
			this.#events.onUp();
		}
		if (this.#stage === Stage.up) this.#events.onWritable(count);
	}

	#count(): void {
		this.#received += 1;
		if (this.#received === Renew) this.#renewSoon();
	}

	/** Starts over before the server's packet identifiers run out, at a quiet moment if there is one. */
	#renewSoon(): void {
		this.#arm(() => {
			if (this.#received < RenewNow && !this.#events.isIdle()) this.#renewSoon();
			else this.#lost(renewed(this.#where(), this.#received));
		}, RenewCheck);
	}

	#failed(): void {
		this.#lost(
			errorOf({
				stage: this.#stage,
				where: this.#where(),
				refused: this.#refused,
				closed: this.#ended !== undefined,
				failure: this.#ended?.failure,
			}),
		);
	}

	#lost(cause: TBError): void {
		const up = this.#stage === Stage.up;
		const { error, wait } = this.#pace.after({
			error: cause,
			life: up ? Time.delta(this.#since) : undefined,
			unexplained: up && this.#ended !== undefined && this.#events.isIdle(),
			busy: this.#refused === Busy,
			where: this.#where(),
		});
		this.#options.log?.(`${error}; again in ${wait} ms`);
		this.#release();
		this.#wait(wait);
		this.#events.onDown(error);
	}

	/** The SDK's client throws when closed inside its own callback: it is closed in the next turn then. */
	#release(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		this.#life += 1;
		this.#stage = Stage.name;
		const mqtt = this.#mqtt;
		this.#mqtt = undefined;
		if (!mqtt) return;
		if (this.#depth) Timer.set(() => shut(mqtt), 0);
		else shut(mqtt);
	}
}

function renewed(where: string, received: number): TBError {
	const text = `connection to ${where}: ${received} messages came, the server's packet identifiers end at 65535`;
	return new TBError("TB_RENEWED", text);
}

function shut(mqtt: MQTTClient): void {
	try {
		mqtt.close();
	} catch {
		// It is gone either way.
	}
}
