import type { TBError } from "tbclient/errors";

/** Called once: null when the server acknowledged (PUBACK; at QoS 0: when it was written), else why it never will. */
export type Completion = (error: TBError | null) => void;

/** What a codec makes: text goes out as UTF-8. */
export type Payload = string | ArrayBuffer;

/** A message from the call until it is acknowledged. */
export interface Message {
	topic: string;
	bytes: ArrayBuffer;
	/** The same as text, where it was text: what waits is kept as one string. */
	text: string | undefined;
	/** 0: written once, never again. 1: until PUBACK. */
	QoS: number;
	callback: Completion | undefined;
	/** Data points of telemetry and attributes, for the server's rate limits. */
	points: number;
	/** Goes before what waits: questions and answers, not readings. */
	urgent: boolean;
	/** Forgotten with the connection: its answer cannot come on another one. */
	transient: boolean;
	/** Not counted against the device's own limits. */
	unmetered: boolean;
	/** `Time.ticks` of readings whose time was not known; `bytes` are their values then. */
	early: number | undefined;
	/** Where a journal keeps it. */
	position: number | undefined;
	/** Packet identifier, 0 until first sent. */
	id: number;
	/** `Time.ticks` when sent on this connection; undefined while it waits. */
	sent: number | undefined;
	/** Suspicion against this message: grows with connections that ended while it was alone in flight. */
	losses: number;
}

/** A payload in both its forms. */
export type Body = Pick<Message, "bytes" | "text">;

/** The bytes of a payload, beside its text. */
export function bodyOf(payload: Payload): Body {
	if (typeof payload !== "string") return { bytes: payload, text: undefined };
	return { bytes: ArrayBuffer.fromString(payload), text: payload };
}

/** A message with that body, QoS 1, not sent yet, with what is particular about it. */
export function makeMessage(topic: string, { bytes, text }: Body, init?: Partial<Message>): Message {
	return {
		topic,
		bytes,
		text,
		QoS: 1,
		callback: undefined,
		points: 0,
		urgent: false,
		transient: false,
		unmetered: false,
		early: undefined,
		position: undefined,
		id: 0,
		sent: undefined,
		losses: 0,
		...init,
	};
}

/** QoS, and whether rates do not count, as one digit. */
export const kindOf = ({ QoS, unmetered }: Pick<Message, "QoS" | "unmetered">): number =>
	QoS + (unmetered ? 2 : 0);

/** What `kindOf` wrote. */
export const ofKind = (kind: number): Pick<Message, "QoS" | "unmetered"> => ({
	QoS: kind & 1,
	unmetered: kind > 1,
});

/** What a record keeps of a message beside its text, as one line. The topic of telemetry is left out. */
export function headOf(message: Message, telemetry: string): string {
	const { points, early, topic } = message;
	return `${kindOf(message)},${points},${early ?? ""},${topic === telemetry ? "" : topic}`;
}

/** The message that a line of `headOf` and its body make. */
export function messageOf(line: string, body: Body, telemetry: string, callback?: Completion): Message {
	const [kind, points, early = "", ...topic] = line.split(",");
	return makeMessage(topic.join(",") || telemetry, body, {
		...ofKind(Number(kind)),
		points: Number(points),
		early: early ? Number(early) : undefined,
		callback,
	});
}
