// One request to `/provision/request` and its answer, over a connection that is no device's: user name `provision`.
import type { MQTTClient, MQTTControl, MQTTReadInfo } from "host/contract";
import { Connection, type ConnectionOptions } from "tbclient/connection";
import { reasonOf, TBError } from "tbclient/errors";
import Timer from "timer";

const RequestTopic = "/provision/request";
const ResponseTopic = "/provision/response";
const AnswerTimeout = 30_000; // ms; the server gives its back end 10 s and then closes
const Largest = 4096; // bytes of an answer; the longest has the device's certificate in it
const Piece = 1024; // bytes; as in tbclient/sender

/** What a session tells. Nothing is called from inside `close`. */
export interface SessionEvents {
	/** The answer; the session is over. */
	onAnswer(bytes: ArrayBuffer): void;
	/** There is none, though the request went out; the session is over. */
	onFailed(error: TBError): void;
	/** No connection, or lost before the request went out; it is tried again with back-off. */
	onRetry(error: TBError): void;
}

/** Connects until the request is out, then waits for one answer. */
export class ProvisioningSession {
	#connection: Connection;
	#events: SessionEvents;
	#request: ArrayBuffer;
	#subscribed = false;
	#sent = -1; // bytes of the request; -1: not even its head
	#answer: Uint8Array<ArrayBuffer> | undefined;
	#received = 0;
	#timer: ReturnType<typeof Timer.set> | undefined;

	/** `request`: the payload. The first attempt starts in a later turn. */
	constructor(options: Omit<ConnectionOptions, "login">, request: string, events: SessionEvents) {
		this.#events = events;
		this.#request = ArrayBuffer.fromString(request);
		const { io } = options;
		this.#connection = new Connection(
			{ ...options, login: { user: "provision" } },
			{
				onUp: () => undefined,
				onDown: (error) => this.#down(error),
				onReadable: (mqtt, count, info) => this.#read(mqtt, count, info),
				onWritable: (count) => this.#write(io.SUBSCRIBE, count),
				onControl: (message: MQTTControl) => message.operation === io.PUBACK && this.#wait(),
				onEmptyPublish: () => undefined,
				isIdle: () => false,
			},
		);
	}

	/** Ends it without another word. */
	close(): void {
		Timer.clear(this.#timer);
		this.#connection.close();
	}

	#down(error: TBError): void {
		if (this.#sent < 0) {
			this.#subscribed = false;
			this.#events.onRetry(error);
		} else this.#failed(error);
	}

	#failed(error: TBError): void {
		this.close();
		this.#events.onFailed(error);
	}

	#write(SUBSCRIBE: number, room: number): void {
		const mqtt = this.#connection.ready as MQTTClient; // as it invited us
		try {
			this.#pump(mqtt, SUBSCRIBE, room);
		} catch (error) {
			if (reasonOf(error) !== "overflow") throw error; // else the next invitation goes on
		}
	}

	#pump(mqtt: MQTTClient, SUBSCRIBE: number, limit: number): void {
		let room = limit;
		if (!this.#subscribed)
			room = mqtt.write(null, { operation: SUBSCRIBE, id: 1, items: [{ topic: ResponseTopic, QoS: 1 }] });
		this.#subscribed = true;
		const { byteLength } = this.#request;
		if (this.#sent < 0) {
			room = mqtt.write(new ArrayBuffer(0), { topic: RequestTopic, QoS: 1, id: 2, byteLength });
			this.#sent = 0;
			this.#wait();
		}
		while (room > 0 && this.#sent < byteLength) {
			const piece = this.#request.slice(this.#sent, this.#sent + Math.min(room, Piece));
			room = mqtt.write(piece);
			this.#sent += piece.byteLength;
		}
	}

	/** Arms the deadline anew: the request is out, or its PUBACK in. */
	#wait(): void {
		Timer.clear(this.#timer);
		const text = `provision: expected an answer, none came in ${AnswerTimeout} ms`;
		this.#timer = Timer.set(() => this.#failed(new TBError("TB_TIMEOUT", text)), AnswerTimeout);
	}

	/** Every byte is read, so that the MQTT client's parser never stalls. */
	#read(mqtt: MQTTClient, count: number, { topic, byteLength = count, more }: MQTTReadInfo): void {
		if (topic !== undefined) {
			const wanted = topic === ResponseTopic && byteLength <= Largest;
			this.#answer = wanted ? new Uint8Array(byteLength) : undefined;
			this.#received = 0;
		}
		mqtt.read(this.#answer?.subarray(this.#received, this.#received + count) ?? new Uint8Array(count));
		this.#received += count;
		if (!this.#answer || more) return;
		const { buffer } = this.#answer;
		this.close();
		this.#events.onAnswer(buffer);
	}
}
