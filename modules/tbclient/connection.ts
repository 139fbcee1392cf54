// One connection after the other: connect deadline, when to try again, and the one place that guards callbacks.
import type { MQTTClient, MQTTControl, MQTTReadInfo } from "host/contract";
import { Attempt, type AttemptOwner } from "tbclient/attempt";
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
export class Connection implements AttemptOwner {
	/** Told of everything that happens. */
	readonly events: ConnectionEvents;
	#options: ConnectionOptions;
	#pace: Pace;
	#attempt: Attempt | undefined;
	#depth = 0;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#told = false; // that the time is not known

	/** The first attempt starts in a later turn. */
	constructor(options: ConnectionOptions, events: ConnectionEvents) {
		this.#options = options;
		this.events = events;
		this.#pace = new Pace(options.random);
		this.wait(0);
	}

	/** The client that takes packets: accepted by the server, not lost since. */
	get ready(): MQTTClient | undefined {
		return this.#attempt?.stage === Stage.up ? this.#attempt.mqtt : undefined;
	}

	/** Ends this connection for a reason and starts over; `onDown` comes in a later turn. */
	drop(error: TBError): void {
		const attempt = this.#attempt;
		if (attempt) this.arm(() => this.lost(attempt, error), 0);
	}

	/** No event after this. */
	close(): void {
		this.release();
	}

	/** Nothing thrown may reach the MQTT client: in the SDK that aborts the device. */
	run(attempt: Attempt, action: () => void): void {
		if (attempt !== this.#attempt) return;
		this.#depth += 1;
		try {
			action();
		} catch (error) {
			this.drop(new TBError("TB_LOST", `connection to ${this.where()}: ${reasonOf(error)}`, error));
		} finally {
			this.#depth -= 1;
		}
	}

	/** For `Attempt`. */
	onMessage(attempt: Attempt): void {
		attempt.received += 1;
		if (attempt.received === Renew) this.renewSoon(attempt);
	}

	/** For `Attempt`: the first invitation to write after CONNACK is when the client takes packets. */
	onWritable(attempt: Attempt, count: number): void {
		if (attempt.stage === Stage.accepted) {
			attempt.stage = Stage.up;
			attempt.since = Time.ticks;
			this.#options.log?.(`accepted by ${this.where()}`);
			this.disarm();
			this.events.onUp();
		}
		if (attempt.stage === Stage.up) this.events.onWritable(count);
	}

	/** For `Attempt`. */
	onFailed(attempt: Attempt): void {
		this.lost(attempt, errorOf(attempt, this.where()));
	}

	private arm(action: () => void, ms: number): void {
		this.disarm();
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			action();
		}, ms);
	}

	private disarm(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	private wait(ms: number): void {
		this.arm(() => this.connect(), ms);
	}

	private where(): string {
		return `${this.#options.host}:${this.#options.port}`;
	}

	private connect(): void {
		if (this.#options.socket.secure && this.isTimeless()) this.timeless();
		else this.open();
	}

	/** A clock that throws says no time; it is called from a timer, where an exception aborts the device. */
	private isTimeless(): boolean {
		const { clock } = this.#options;
		try {
			return clock !== undefined && clock() === undefined;
		} catch {
			return true;
		}
	}

	/** Before the time is known every certificate looks as if it were not valid yet. Told once, looked at every second. */
	private timeless(): void {
		this.wait(ClockPoll);
		if (this.#told) return;
		this.#told = true;
		const text = `connect to ${this.where()}: expected the time, which TLS checks certificates by; it is not known yet`;
		this.events.onDown(new TBError("TB_CLOCK", text));
	}

	private open(): void {
		this.#options.log?.(`connect to ${this.where()}`);
		this.#told = false;
		const attempt = new Attempt(this);
		this.#attempt = attempt;
		const late = () => this.lost(attempt, silence(attempt.stage, this.where(), ConnectTimeout));
		this.arm(late, ConnectTimeout);
		try {
			attempt.open(this.#options);
		} catch (error) {
			this.lost(attempt, new TBError("TB_LOST", `connect to ${this.where()}: ${reasonOf(error)}`, error));
		}
	}

	/** Starts over before the server's packet identifiers run out, at a quiet moment if there is one. */
	private renewSoon(attempt: Attempt): void {
		this.arm(() => {
			if (attempt.received < RenewNow && !this.events.isIdle()) this.renewSoon(attempt);
			else this.lost(attempt, renewed(this.where(), attempt.received));
		}, RenewCheck);
	}

	private lost({ stage, since, ended, refused }: Attempt, cause: TBError): void {
		const up = stage === Stage.up;
		const { error, wait } = this.#pace.after({
			error: cause,
			life: up ? Time.delta(since) : undefined,
			unexplained: up && ended !== undefined && this.events.isIdle(),
			busy: refused === Busy,
			where: this.where(),
		});
		this.#options.log?.(`${error}; again in ${wait} ms`);
		this.release();
		this.wait(wait);
		this.events.onDown(error);
	}

	/** The SDK's client throws when closed inside its own callback: it is closed in the next turn then. */
	private release(): void {
		this.disarm();
		const mqtt = this.#attempt?.mqtt;
		this.#attempt = undefined;
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
