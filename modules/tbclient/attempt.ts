// One MQTT client from its making to its end. What it calls are functions that find their attempt by `target`, and methods of it,
// since a closure costs 200 bytes on XS, and there would be nine for each connection.
import type { MQTTClient, MQTTControl, MQTTHooks, MQTTReadInfo } from "host/contract";
import type { ConnectionEvents, ConnectionOptions } from "tbclient/connection";
import { Stage } from "tbclient/ends";

/** Whom an attempt belongs to. */
export interface AttemptOwner {
	readonly events: ConnectionEvents;
	/** Runs what the MQTT client caused, if this attempt is the present one. Nothing thrown comes back. */
	run(attempt: Attempt, action: () => void): void;
	/** A message begins to arrive. */
	onMessage(attempt: Attempt): void;
	/** Room for `count` bytes. */
	onWritable(attempt: Attempt, count: number): void;
	/** The MQTT client gave up. */
	onFailed(attempt: Attempt): void;
}

/** An attempt, and the connection that comes of it. */
export class Attempt implements MQTTHooks {
	stage: number = Stage.name;
	mqtt: MQTTClient | undefined;
	/** `Time.ticks` when it was accepted. */
	since = 0;
	/** Messages so far. */
	received = 0;
	/** CONNACK's code, when it refused. */
	refused: number | undefined;
	/** The socket below is over, and why if that is known. */
	ended: { failure: unknown } | undefined;
	/** For the functions below. */
	readonly owner: AttemptOwner;

	constructor(owner: AttemptOwner) {
		this.owner = owner;
	}

	/** @throws what the MQTT client's constructor throws. */
	open({ io, dns, socket, host, port, login, keepAlive }: ConnectionOptions): void {
		this.mqtt = new io({
			dns,
			socket: { ...socket, hooks: this },
			host,
			port,
			...login,
			clean: true,
			keepAlive,
			target: this,
			onReadable,
			onWritable,
			onControl,
			onError,
		});
	}

	onSocket(open: boolean): void {
		this.stage = open ? Stage.connack : Stage.socket;
	}

	onFailure(failure: unknown): void {
		this.ended = { failure };
	}

	onConnack(code: number): void {
		if (code) this.refused = code;
		else this.stage = Stage.accepted;
	}

	onEmptyPublish(topic: string, QoS: number, id: number): void {
		const { owner } = this;
		owner.run(this, () => {
			owner.onMessage(this);
			owner.events.onEmptyPublish(topic, QoS, id);
		});
	}
}

const attemptOf = ({ target }: MQTTClient): Attempt => target as Attempt;

function onReadable(this: MQTTClient, count: number, info: MQTTReadInfo): void {
	const attempt = attemptOf(this);
	const { owner } = attempt;
	owner.run(attempt, () => {
		if (info.topic !== undefined) owner.onMessage(attempt);
		owner.events.onReadable(this, count, info);
	});
}

function onWritable(this: MQTTClient, count: number): void {
	const attempt = attemptOf(this);
	attempt.owner.run(attempt, () => attempt.owner.onWritable(attempt, count));
}

function onControl(this: MQTTClient, message: MQTTControl): void {
	const attempt = attemptOf(this);
	attempt.owner.run(attempt, () => attempt.owner.events.onControl(message));
}

function onError(this: MQTTClient): void {
	const attempt = attemptOf(this);
	attempt.owner.run(attempt, () => attempt.owner.onFailed(attempt));
}
