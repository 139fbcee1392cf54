// The one place that runs code of the application: guarded, with `this` = client, never after `close()`.
import type TBClient from "tbclient";
import { reasonOf, TBError } from "tbclient/errors";
import type { Completion } from "tbclient/message";
import type { RPC, TBClientOptions } from "tbclient/options";
import type { Stats } from "tbclient/stats";
import Timer from "timer";

/** The callbacks among the options. */
export type CallbackName =
	| "onConnected"
	| "onDisconnected"
	| "onAttributes"
	| "onRPC"
	| "onFirmware"
	| "onFirmwareError"
	| "onWritable"
	| "onError";

type Arguments<Name extends CallbackName> = Parameters<NonNullable<TBClientOptions[Name]>>;

/** What a callback threw; an object, since `undefined` can be thrown too. */
export interface Thrown {
	cause: unknown;
}

/** Calls the application. Nothing that it throws is passed on; nothing is called after `close()`. */
export class Callbacks {
	#client: TBClient;
	#options: TBClientOptions;
	#stats: Stats;
	#later = new Set<ReturnType<typeof Timer.set>>();
	#closed = false;

	/** `client` is `this` of every callback; `stats` counts those that threw. */
	constructor(client: TBClient, options: TBClientOptions, stats: Stats) {
		this.#client = client;
		this.#options = options;
		this.#stats = stats;
	}

	/** Calls a callback of the options, if there is one. Returns what was thrown. */
	call<Name extends CallbackName>(name: Name, ...args: Arguments<Name>): Thrown | undefined {
		const callback = this.#options[name] as ((...args: unknown[]) => void) | undefined;
		return callback && this.run(name, () => callback.apply(this.#client, args));
	}

	/** Hands a call to `onRPC`. True when it did not throw; without a handler, that is the cause. */
	answer(call: RPC): true | Thrown {
		if (!this.#options.onRPC) return { cause: `no handler for ${call.method}` };
		return this.call("onRPC", call) ?? true;
	}

	/** Calls a function of the application with `this` = client; unguarded. */
	invoke<Arguments extends unknown[], Result>(
		callback: (this: TBClient, ...args: Arguments) => Result,
		...args: Arguments
	): Result {
		return callback.apply(this.#client, args);
	}

	/** Nothing is called any more. */
	get closed(): boolean {
		return this.#closed;
	}

	/** Tells `onError`. */
	error(error: TBError): void {
		this.call("onError", error);
	}

	/** Completes a message: null when it was acknowledged. */
	complete(callback: Completion | undefined, error: TBError | null): void {
		if (callback) this.run("completion callback", () => callback.call(this.#client, error));
	}

	/** Runs application code under a name; what it throws goes to `onError` as TB_CALLBACK, and is returned. */
	run(name: string, action: () => void): Thrown | undefined {
		if (this.#closed) return undefined;
		try {
			action();
			return undefined;
		} catch (cause) {
			this.#stats.callbackErrors += 1;
			if (name !== "onError")
				this.error(new TBError("TB_CALLBACK", `${name} threw: ${reasonOf(cause)}`, cause));
			return { cause };
		}
	}

	/** Runs an action in a later turn: methods of the client never call back. */
	defer(action: () => void): void {
		const id = Timer.set(() => {
			this.#later.delete(id);
			action();
		}, 0);
		this.#later.add(id);
	}

	/** Nothing is called after this, deferred actions neither. */
	close(): void {
		this.#closed = true;
		for (const id of this.#later) Timer.clear(id);
		this.#later.clear();
	}
}
