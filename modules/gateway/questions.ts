// Attributes of children that we ask for. One request asks for one scope, so both are two; how many keys were asked for decides the shape
// of the answer.

import { type Child, makeItem } from "gateway/child";
import type { Core } from "gateway/core";
import type { Answer } from "gateway/messages";
import type { JSONObject } from "host/contract";
import type { AttributeKeys } from "tbclient/attributes";
import { TBError } from "tbclient/errors";
import type { AttributeValues } from "tbclient/options";
import { MaxRequests, Requests, type Settle } from "tbclient/requests";

type Scope = keyof AttributeKeys;

/** Questions that wait for their answer. */
export class Questions {
	#core: Core;
	#requests = new Requests<Answer>();

	constructor(core: Core) {
		this.#core = core;
	}

	/** Asks scope by scope; settled once, when all have been answered, or with the first error. */
	ask(child: Child, keys: AttributeKeys, settle: Settle<AttributeValues>): void {
		const scopes = (["client", "shared"] as const).filter((scope) => keys[scope]);
		const found: AttributeValues = {};
		let left = scopes.length;
		for (const scope of scopes)
			this.askScope(child, scope, [...new Set(keys[scope])], (error, values = {}) => {
				if (!left) return;
				left = error ? 0 : left - 1;
				if (Object.keys(values).length) found[scope] = values;
				if (!left) settle(error, found);
			});
	}

	/** An answer of the server; one that nobody waits for (any more) is ignored. */
	answer(answer: Answer): void {
		this.#requests.settle(answer.id, null, answer);
	}

	/** The connection is gone, and the answers with it. */
	fail({ message }: TBError): void {
		this.#requests.fail(new TBError("TB_DISCONNECTED", `requestAttributes: ${message}`));
	}

	/** Forgets every question without a call. */
	close(): void {
		this.#requests.close();
	}

	private askScope(child: Child, scope: Scope, keys: string[], settle: Settle<JSONObject>): void {
		const { client, callbacks, settings } = this.#core;
		const attempt = `requestAttributes of ${JSON.stringify(child.name)}`;
		const refuse = (code: "TB_DISCONNECTED" | "TB_OUTBOX_FULL", text: string) =>
			callbacks.defer(() => settle(new TBError(code, `${attempt}: ${text}`)));
		if (!client.connected) {
			refuse("TB_DISCONNECTED", "there is no connection");
			return;
		}
		const id = this.#requests.add(
			(error, answer) => settle(error, answer && valuesOf(answer, keys)),
			settings.requestTimeout,
		);
		if (id === undefined) refuse("TB_OUTBOX_FULL", `${MaxRequests} of them wait already`);
		else {
			const text = `,"id":${id},"client":${scope === "client"},"keys":${JSON.stringify(keys)}`;
			const callback = (error: TBError | null) => void (error && this.#requests.settle(id, error));
			this.#core.keep(child, makeItem("request", text, { callback }));
		}
	}
}

/** What was found: a `value` is that of the one key that was asked for. */
function valuesOf({ value, values = {} }: Answer, keys: string[]): JSONObject {
	const [only] = keys;
	return value !== undefined && only !== undefined && keys.length === 1 ? { [only]: value } : values;
}

/** @throws RangeError for no keys at all, or an empty one: the answer would be ambiguous. */
export function checkKeys({ client, shared }: AttributeKeys): void {
	for (const keys of [client, shared])
		if (keys && (!keys.length || keys.some((key) => typeof key !== "string" || !key)))
			throw new RangeError(
				"requestAttributes: expected names of attributes in every scope that is asked for",
			);
	if (!client && !shared)
		throw new RangeError("requestAttributes: expected client or shared names, got none");
}
