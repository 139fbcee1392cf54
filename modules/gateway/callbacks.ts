// The one place that runs code of the application: guarded, with `this` = gateway, never after `close()`.
import type TBGateway from "gateway";
import type { TBGatewayOptions } from "gateway/options";
import type { GatewayStats } from "gateway/stats";
import type { Thrown } from "tbclient/callbacks";
import { reasonOf, TBError } from "tbclient/errors";
import type { Completion } from "tbclient/message";
import Timer from "timer";

type Name =
	| "onConnected"
	| "onRenamed"
	| "onDeleted"
	| "onDisconnected"
	| "onAttributes"
	| "onRPC"
	| "onError";
type Arguments<Key extends Name> = Parameters<NonNullable<TBGatewayOptions[Key]>>;

/** Calls the application. Nothing that it throws is passed on. */
export class Callbacks {
	#gateway: TBGateway;
	#options: TBGatewayOptions;
	#stats: GatewayStats;
	#later: (() => void)[] = [];
	#timer: ReturnType<typeof Timer.set> | undefined;
	#closed = false;

	constructor(gateway: TBGateway, options: TBGatewayOptions, stats: GatewayStats) {
		this.#gateway = gateway;
		this.#options = options;
		this.#stats = stats;
	}

	/** Whether there is such a callback. */
	has(name: Name): boolean {
		return this.#options[name] !== undefined;
	}

	/** Calls a callback of the options, if there is one. Returns what was thrown. */
	call<Key extends Name>(name: Key, ...args: Arguments<Key>): Thrown | undefined {
		const callback = this.#options[name] as ((...args: unknown[]) => void) | undefined;
		return callback && this.run(name, () => callback.apply(this.#gateway, args));
	}

	/** Calls a function of the application under a name. */
	invoke<Arguments extends unknown[]>(
		name: string,
		callback: (this: TBGateway, ...args: Arguments) => void,
		...args: Arguments
	): void {
		this.run(name, () => callback.apply(this.#gateway, args));
	}

	/** Tells `onError`. */
	error(error: TBError): void {
		this.call("onError", error);
	}

	/** Completes something: null when the server acknowledged. */
	complete(callback: Completion | undefined, error: TBError | null): void {
		if (callback) this.run("completion callback", () => callback.call(this.#gateway, error));
	}

	/** The same in a later turn: methods of the gateway never call back. */
	later(callback: Completion | undefined, error: TBError | null): void {
		if (callback) this.defer(() => this.complete(callback, error));
	}

	/** Runs code of the application under a name; what it throws goes to `onError` as TB_CALLBACK, and is returned. */
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

	/** Runs an action in a later turn, after those that were deferred before. */
	defer(action: () => void): void {
		this.#later.push(action);
		this.#timer ??= Timer.set(() => {
			this.#timer = undefined;
			for (const one of this.#later.splice(0)) if (!this.#closed) one();
		}, 0);
	}

	close(): void {
		this.#closed = true;
		Timer.clear(this.#timer);
	}
}
