// Shared attributes by name. A push that was missed is not repeated, so what is watched is asked for after every connection.
import type { JSONObject } from "host/contract";
import type { Callbacks } from "tbclient/callbacks";
import type { Codec } from "tbclient/codec";
import type { TBError } from "tbclient/errors";
import type { AttributeValues } from "tbclient/options";
import type { Questions } from "tbclient/questions";
import Timer from "timer";

const AskAgain = 5_000; // ms
const MaxKeys = 64;

/** Hears of watched attributes: those that have a value, and those that have none (any more). */
export type OnAttributes = (values: JSONObject, deleted: string[]) => void;

interface Watch {
	keys: readonly string[];
	callback: OnAttributes;
	/** Pushes reach it by another way. */
	silent: boolean;
}

/** One request that is under way. */
interface Question {
	watches: readonly Watch[];
	/** Keys pushed meanwhile: the push is newer than the answer may be. */
	pushed: Set<string>;
}

/** Who watches what. */
export class Watches {
	#questions: Questions;
	#callbacks: Callbacks;
	#watches: Watch[] = [];
	#asked: Question[] = [];
	#timer: ReturnType<typeof Timer.set> | undefined;

	constructor(questions: Questions, callbacks: Callbacks) {
		this.#questions = questions;
		this.#callbacks = callbacks;
	}

	/** Watches, and asks at once when there is a connection. @throws RangeError for a wrong key, or more than 64 of all watches. */
	add(keys: readonly string[], callback: OnAttributes, isConnected: boolean, silent = false): void {
		const others = this.#watches.reduce((sum, watch) => sum + watch.keys.length, 0);
		checkKeys(keys, this.#questions.codec, others);
		const watch = { keys: [...keys], callback, silent };
		this.#watches = [...this.#watches, watch];
		if (isConnected) this.ask([watch]);
	}

	/** Ends the watches of a callback. */
	remove(callback: OnAttributes): void {
		this.#watches = this.#watches.filter((watch) => watch.callback !== callback);
	}

	/** There is a new connection. */
	connected(): void {
		this.ask(this.#watches);
	}

	/** The connection is gone, or the client is closed. */
	close(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	/** A push: each watch hears of its own keys. */
	push(values: JSONObject, deleted: readonly string[]): void {
		for (const { pushed } of this.#asked)
			for (const key of [...Object.keys(values), ...deleted]) pushed.add(key);
		for (const watch of this.#watches) {
			const { keys, silent } = watch;
			const gone = deleted.filter((key) => keys.includes(key));
			if (!silent) this.tell(watch, pick(values, keys), gone);
		}
	}

	private ask(watches: readonly Watch[]): void {
		if (!watches.length) return;
		const question = { watches, pushed: new Set<string>() };
		const shared = [...new Set(watches.flatMap(({ keys }) => keys))];
		this.#asked.push(question);
		this.#questions.askAttributes({ shared }, (error, answer) => {
			this.#asked = this.#asked.filter((one) => one !== question);
			if (error) this.failed(error);
			else this.answered(question, answer);
		});
	}

	/** A lost connection is asked on the next one; anything else is told, and asked in a while. */
	private failed(error: TBError): void {
		if (error.code === "TB_DISCONNECTED") return;
		this.#callbacks.error(error);
		if (this.#timer !== undefined) return;
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			this.connected();
		}, AskAgain);
	}

	private answered({ watches, pushed }: Question, { shared = {} }: AttributeValues = {}): void {
		for (const watch of watches) {
			if (!this.#watches.includes(watch)) continue;
			const keys = watch.keys.filter((key) => !pushed.has(key));
			const gone = keys.filter((key) => !Object.hasOwn(shared, key));
			this.tell(watch, pick(shared, keys), gone);
		}
	}

	private tell({ callback }: Watch, values: JSONObject, deleted: string[]): void {
		if (!deleted.length && !Object.keys(values).length) return;
		this.#callbacks.run("attribute watch", () => this.#callbacks.invoke(callback, values, deleted));
	}
}

/** The values of those keys that there are. */
function pick(values: JSONObject, keys: readonly string[]): JSONObject {
	return Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
}

/** @throws RangeError for a key that no question can name, or more than 64 keys with those of `others`. */
export function checkKeys(keys: readonly string[], codec: Codec, others = 0): void {
	if (!keys.length || keys.length + others > MaxKeys)
		throw new RangeError(`watch: expected 1…${MaxKeys - others} keys, got ${keys.length}`);
	codec.encodeAttributesRequest({ shared: [...keys] });
}
