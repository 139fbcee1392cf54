// Where every inbound message ends: `route` says what its topic means, and the switch in `#deliver` what is done with it.
import type { JSONValue } from "host/contract";
import type { Callbacks } from "tbclient/callbacks";
import type { AttributesUpdate, Call, Codec } from "tbclient/codec";
import { reasonOf, TBError } from "tbclient/errors";
import type { Incoming } from "tbclient/inbound";
import type { AttributeValues } from "tbclient/options";
import type { Parts } from "tbclient/parts";
import type { Requests } from "tbclient/requests";
import type { Unanswered } from "tbclient/rpc";
import type { Stats } from "tbclient/stats";

/** What inbound messages act on. */
export interface DispatchOptions {
	callbacks: Callbacks;
	stats: Stats;
	/** Attribute requests that wait for their answer. */
	requests: Requests<AttributeValues>;
	/** RPCs delivered and not yet answered. */
	unanswered: Unanswered;
	codec: Codec;
	/** What is attached to the client: asked first. */
	parts: Parts;
	/** Answers an RPC that the application did not, since it threw or has no handler. */
	respond(id: number, result: JSONValue): void;
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
			this.#deliver(message);
		} catch (error) {
			stats.malformed += 1;
			const expected = message.to.kind === "firmwareError" ? "text in UTF-8" : "a payload of this topic";
			const text = `${message.topic}: expected ${expected}, got ${reasonOf(error)}`;
			callbacks.error(new TBError("TB_MALFORMED", text, error));
		}
	}

	/** Application callbacks are guarded, so that only malformed payloads throw here. */
	#deliver(message: Incoming): void {
		const { to, bytes } = message;
		const { callbacks, codec, stats } = this.#options;
		if (to.kind !== "firmware" && to.kind !== "unknown") stats.received += 1;
		switch (to.kind) {
			case "attributes":
				this.#attributes(codec.decodeAttributesUpdate(bytes));
				break;
			case "response":
				this.#response(to.id, codec.decodeAttributesResponse(bytes));
				break;
			case "rpc":
				this.#rpc(to.id, codec.decodeRPCRequest(bytes));
				break;
			case "firmware":
				this.#firmware(to.request, to.index, message);
				break;
			case "firmwareError":
				callbacks.call("onFirmwareError", String.fromArrayBuffer(bytes));
				break;
			case "rpcResponse":
			case "unknown":
				if (!this.#options.parts.message(message.topic, bytes)) stats.unknown += 1;
		}
	}

	#attributes({ values, deleted }: AttributesUpdate): void {
		this.#options.callbacks.call("onAttributes", values, deleted);
	}

	/** An answer that nobody waits for (any more) is ignored. */
	#response(id: number, answer: AttributeValues): void {
		this.#options.requests.take(id)?.(null, answer);
	}

	#rpc(id: number, { method, params }: Call): void {
		const { callbacks, stats, unanswered, parts, respond } = this.#options;
		if (!unanswered.admit(id, method + JSON.stringify(params))) {
			stats.duplicates += 1;
			return;
		}
		const call = { id, method, params };
		const taken = parts.rpc(call) || callbacks.answer(call);
		if (taken !== true) respond(id, { error: reasonOf(taken.cause) });
	}

	#firmware(request: number, index: number, { count, offset, byteLength, more }: Incoming): void {
		this.#options.callbacks.call("onFirmware", count, { request, index, offset, byteLength, more });
	}
}
