// Where every inbound message ends: `route` says what its topic means, and the switch in `deliver` what is done with it.
import type { JSONValue } from "host/contract";
import type { Callbacks } from "tbclient/callbacks";
import type { AttributesUpdate } from "tbclient/codec";
import { reasonOf, TBError } from "tbclient/errors";
import type { Incoming } from "tbclient/inbound";
import type { Settings } from "tbclient/options";
import type { Parts } from "tbclient/parts";
import type { Questions } from "tbclient/questions";
import type { Calls } from "tbclient/rpc";
import type { Stats } from "tbclient/stats";
import type { Watches } from "tbclient/watch";

/** The id of our question for limits; calls of the application have ids from 1. */
const LimitsId = 0;

/** What inbound messages act on. */
export interface DispatchOptions {
	callbacks: Callbacks;
	stats: Stats;
	/** Questions that wait for their answer. */
	questions: Questions;
	/** Attributes watched by name. */
	watches: Watches;
	/** Calls from the server. */
	calls: Calls;
	settings: Pick<Settings, "codec">;
	/** What is attached to the client: asked first. */
	parts: Parts;
	/** The server's session limits. @throws TypeError for no object. */
	onLimits(answer: JSONValue): void;
}

/** Delivers inbound messages to the application, and to the requests that wait for them. */
export class Dispatch {
	#options: DispatchOptions;

	constructor(options: DispatchOptions) {
		this.#options = options;
	}

	/** A whole message, or a piece of a firmware chunk. What is malformed goes to `onError`; the connection stays. */
	receive(message: Incoming): void {
		const { stats, callbacks } = this.#options;
		try {
			this.deliver(message);
		} catch (error) {
			stats.malformed += 1;
			const expected = message.to.kind === "firmwareError" ? "text in UTF-8" : "a payload of this topic";
			const text = `${message.topic}: expected ${expected}, got ${reasonOf(error)}`;
			callbacks.error(new TBError("TB_MALFORMED", text, error));
		}
	}

	/** Application callbacks are guarded, so that only malformed payloads throw here. */
	private deliver(message: Incoming): void {
		const { to, bytes } = message;
		const { callbacks, questions, calls, parts, stats } = this.#options;
		const { codec } = this.#options.settings;
		if (to.kind !== "firmware" && to.kind !== "unknown") stats.received += 1;
		switch (to.kind) {
			case "attributes":
				this.attributes(codec.decodeAttributesUpdate(bytes));
				break;
			case "response":
				questions.answerAttributes(to.id, codec.decodeAttributesResponse(bytes));
				break;
			case "rpc":
				calls.receive({ id: to.id, ...codec.decodeRPCRequest(bytes) });
				break;
			case "firmware":
				this.firmware(to.request, to.index, message);
				break;
			case "firmwareError":
				callbacks.call("onFirmwareError", String.fromArrayBuffer(bytes));
				break;
			case "rpcResponse":
				if (to.id === LimitsId) this.#options.onLimits(codec.decodeRPCResponse(bytes));
				else questions.answerCall(to.id, codec.decodeRPCResponse(bytes));
				break;
			case "unknown":
				if (!parts.message(message.topic, bytes)) stats.unknown += 1;
		}
	}

	private attributes({ values, deleted }: AttributesUpdate): void {
		const { callbacks, watches } = this.#options;
		callbacks.call("onAttributes", values, deleted);
		watches.push(values, deleted);
	}

	private firmware(request: number, index: number, { count, offset, byteLength, more }: Incoming): void {
		this.#options.callbacks.call("onFirmware", count, { request, index, offset, byteLength, more });
	}
}
