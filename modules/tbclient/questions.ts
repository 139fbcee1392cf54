// What we ask of the server: attributes, and calls of its rule chains. Every question is settled once.
import type { JSONValue } from "host/contract";
import type { AttributeKeys } from "tbclient/attributes";
import type { Callbacks } from "tbclient/callbacks";
import type { Codec } from "tbclient/codec";
import type { Delivery } from "tbclient/delivery";
import { TBError } from "tbclient/errors";
import { bodyOf, makeMessage, type Payload } from "tbclient/message";
import type { AttributeValues, Settings } from "tbclient/options";
import { MaxRequests, Requests, type Settle } from "tbclient/requests";

/** What questions work with. */
export interface QuestionsOptions {
	settings: Settings;
	callbacks: Callbacks;
	delivery: Delivery;
	/** Whether there is a connection to ask on. */
	isConnected(): boolean;
}

/** One question, ready to be sent. */
interface Question {
	attempt: string;
	/** The id follows. */
	topic: string;
	payload: Payload;
	timeout: number;
}

/** Questions that wait for their answer. */
export class Questions {
	#options: QuestionsOptions;
	#attributes = new Requests<AttributeValues>();
	#calls: Requests<JSONValue>;

	constructor(options: QuestionsOptions) {
		this.#options = options;
		// The server's own timer of a call outlives the connection, and would end another call of the same id.
		this.#calls = new Requests(Math.floor(options.settings.random() * 0x40000000));
	}

	/** Whether any question waits for its answer. */
	get waiting(): boolean {
		return this.#attributes.waiting || this.#calls.waiting;
	}

	/** What questions are made of. */
	get codec(): Codec {
		return this.#options.settings.codec;
	}

	/** Asks for attributes. @throws RangeError for a key that is empty or has a comma. */
	askAttributes(keys: AttributeKeys, settle: Settle<AttributeValues>): void {
		const { codec, topics, requestTimeout: timeout } = this.#options.settings;
		const payload = codec.encodeAttributesRequest(keys);
		const question = { attempt: "requestAttributes", topic: topics.attributesRequest, payload, timeout };
		this.ask(this.#attributes, question, settle);
	}

	/** Calls a method of the server. */
	call(method: string, params: JSONValue, timeout: number, settle: Settle<JSONValue>): void {
		const { codec, topics } = this.#options.settings;
		const payload = codec.encodeRPCRequest(method, params);
		const question = { attempt: `call ${method}`, topic: topics.rpcRequest, payload, timeout };
		this.ask(this.#calls, question, settle);
	}

	/** An answer of the server; one that nobody waits for (any more) is ignored. */
	answerAttributes(id: number, values: AttributeValues): void {
		this.#attributes.settle(id, null, values);
	}

	/** As `answerAttributes`. The server tells every failure as `{"error": text}`. */
	answerCall(id: number, answer: JSONValue): void {
		const text = errorIn(answer);
		const code = text === "timeout" ? "TB_TIMEOUT" : "TB_RPC";
		const error = text === undefined ? null : new TBError(code, `call ${id}: the server answered: ${text}`);
		this.#calls.settle(id, error, error ? undefined : answer);
	}

	/** The connection is gone, and the answers with it. */
	fail({ message }: TBError): void {
		this.#attributes.fail(new TBError("TB_DISCONNECTED", `requestAttributes: ${message}`));
		this.#calls.fail(new TBError("TB_DISCONNECTED", `call: ${message}`));
	}

	/** Forgets every question without a call. */
	close(): void {
		this.#attributes.close();
		this.#calls.close();
	}

	private ask<Answer>(requests: Requests<Answer>, question: Question, settle: Settle<Answer>): void {
		const { attempt, topic, payload, timeout } = question;
		const { callbacks, delivery } = this.#options;
		const refuse = (code: "TB_DISCONNECTED" | "TB_OUTBOX_FULL", text: string) =>
			callbacks.defer(() => settle(new TBError(code, `${attempt}: ${text}`)));
		const message = makeMessage(topic, bodyOf(payload), { urgent: true, transient: true });
		const settled: Settle<Answer> = (error, answer) => {
			delivery.outbox.withdraw(message);
			settle(error, answer);
		};
		const id = this.#options.isConnected() ? requests.add(settled, timeout) : 0;
		if (id === undefined) refuse("TB_OUTBOX_FULL", `${MaxRequests} of them wait already`);
		else if (!id) refuse("TB_DISCONNECTED", "there is no connection");
		else {
			message.topic += id;
			message.callback = (error) => void (error && requests.settle(id, error));
			delivery.publish(message);
		}
	}
}

/** The text of an answer that is `{"error": text}` and nothing beside. */
function errorIn(answer: JSONValue): string | undefined {
	if (typeof answer !== "object" || answer === null || Array.isArray(answer)) return undefined;
	const { error } = answer;
	return typeof error === "string" && Object.keys(answer).length === 1 ? error : undefined;
}
