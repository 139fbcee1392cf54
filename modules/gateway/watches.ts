// Shared attributes of children, by child and by name.
import type TBGateway from "gateway";
import type { Callbacks } from "gateway/callbacks";
import type { JSONObject } from "host/contract";

const MaxWatches = 64;

/** Hears of changes: those that have a value, and those that have none any more. */
export type OnChildAttributes = (
	this: TBGateway,
	device: string,
	values: JSONObject,
	deleted: string[],
) => void;

/** What is watched. */
export interface WatchOptions {
	/** One child; default all of them. Follows it when it is renamed. */
	device?: string;
	/** Names of attributes; default all of them. */
	keys?: readonly string[];
}

/** Who watches what. The same child and name may be watched any number of times. */
export class Watches {
	#callbacks: Callbacks;
	#watches: {
		device: string | undefined;
		keys: readonly string[] | undefined;
		callback: OnChildAttributes;
	}[] = [];

	constructor(callbacks: Callbacks) {
		this.#callbacks = callbacks;
	}

	/** @throws RangeError for the 65th. */
	add({ device, keys }: WatchOptions, callback: OnChildAttributes): void {
		if (this.#watches.length >= MaxWatches)
			throw new RangeError(`watchAttributes: expected at most ${MaxWatches} watches`);
		this.#watches = [...this.#watches, { device, keys: keys && [...keys], callback }];
	}

	/** Ends those of a callback. */
	remove(callback: OnChildAttributes): void {
		this.#watches = this.#watches.filter((watch) => watch.callback !== callback);
	}

	/** A child has another name. */
	rename(oldName: string, name: string): void {
		for (const watch of this.#watches) if (watch.device === oldName) watch.device = name;
	}

	/** A push of the server: each watch hears of its own keys. */
	push(name: string, values: JSONObject, deleted: string[]): void {
		for (const { device, keys, callback } of this.#watches) {
			if (device !== undefined && device !== name) continue;
			const gone = keys ? deleted.filter((key) => keys.includes(key)) : deleted;
			const found = keys ? pick(values, keys) : values;
			if (gone.length || Object.keys(found).length)
				this.#callbacks.invoke("attribute watch", callback, name, found, gone);
		}
	}
}

/** The values of those keys that there are. */
const pick = (values: JSONObject, keys: readonly string[]): JSONObject =>
	Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
