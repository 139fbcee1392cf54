// One connection after the other: connect deadline, what a CONNACK code means, back-off, and the one place that guards callbacks.
import type { MQTTClient, MQTTControl, MQTTNetwork, MQTTReadInfo } from "host/contract";
import { Backoff } from "tbclient/backoff";
import type { Login } from "tbclient/credentials";
import { reasonOf, refusal, TBError } from "tbclient/errors";
import Time from "time";
import Timer from "timer";

const ConnectTimeout = 30_000;
const Stable = 10_000; // ms; a connection that dies sooner does not reset the back-off

/** Where to connect, and as whom; all defaults are filled in (tbclient/options). */
export interface ConnectionOptions extends MQTTNetwork {
	host: string;
	port: number;
	login: Login;
	/** ms. */
	keepAlive: number;
	/** 0…1, for the jitter of the back-off. */
	random: () => number;
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
}

/** Connects, and connects again after every loss, until `close()`. */
export class Connection {
	#up = false; // connected and accepted
	#options: ConnectionOptions;
	#events: ConnectionEvents;
	#backoff: Backoff;
	#mqtt: MQTTClient | undefined;
	#life = 0; // tells callbacks of an earlier client from those of the present one
	#depth = 0;
	#since = 0;
	#accepted = false;
	#refused: number | undefined;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#closed = false;

	/** The first attempt starts in a later turn. */
	constructor(options: ConnectionOptions, events: ConnectionEvents) {
		this.#options = options;
		this.#events = events;
		this.#backoff = new Backoff(options.random);
		this.#wait(0);
	}

	/** The client that takes packets: accepted by the server, not lost since. */
	get ready(): MQTTClient | undefined {
		return this.#up ? this.#mqtt : undefined;
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
		this.#accepted = false;
		this.#refused = undefined;
		const life = ++this.#life;
		const silent = new TBError(
			"TB_TIMEOUT",
			`connect to ${this.#where()}: no CONNACK in ${ConnectTimeout} ms`,
		);
		this.#arm(() => this.#lost(silent), ConnectTimeout);
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
			socket: {
				...socket,
				hooks: {
					...socket.hooks,
					onConnack: (code) => guard(() => this.#connack(code)),
					onEmptyPublish: (topic, QoS, packet) => guard(() => events.onEmptyPublish(topic, QoS, packet)),
				},
			},
			host,
			port,
			...login,
			clean: true,
			keepAlive,
			onReadable: (count, info) => guard(() => events.onReadable(mqtt, count, info)),
			onWritable: (count) => guard(() => this.#writable(count)),
			onControl: (message) => guard(() => events.onControl(message)),
			onError: () => guard(() => this.#failed()),
		});
		return mqtt;
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

	#connack(code: number): void {
		if (code) this.#refused = code;
		else this.#accepted = true;
	}

	/** The first invitation to write after CONNACK is when the client takes packets. */
	#writable(count: number): void {
		if (!this.#up && this.#accepted) {
			this.#up = true;
			this.#since = Time.ticks;
			Timer.clear(this.#timer);
			this.#timer = undefined;
			this.#events.onUp();
		}
		if (this.#up) this.#events.onWritable(count);
	}

	#failed(): void {
		const text = this.#up ? "connection lost" : "connect: expected CONNACK, the connection failed";
		this.#lost(
			this.#refused === undefined
				? new TBError("TB_LOST", `${text} (${this.#where()})`)
				: refusal(this.#refused),
		);
	}

	#lost(error: TBError): void {
		const slow = this.#refused !== undefined && this.#refused !== 3;
		if (this.#up && Time.delta(this.#since) >= Stable) this.#backoff.reset();
		this.#release();
		this.#wait(slow ? this.#backoff.slow() : this.#backoff.next());
		this.#events.onDown(error);
	}

	/** The SDK's client throws when closed inside its own callback: it is closed in the next turn then. */
	#release(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		this.#life += 1;
		this.#up = false;
		const mqtt = this.#mqtt;
		this.#mqtt = undefined;
		if (!mqtt) return;
		if (this.#depth) Timer.set(() => shut(mqtt), 0);
		else shut(mqtt);
	}
}

function shut(mqtt: MQTTClient): void {
	try {
		mqtt.close();
	} catch {
		// It is gone either way.
	}
}
