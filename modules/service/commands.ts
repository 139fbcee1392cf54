// RPCs that every device of a fleet understands, each off unless the firmware enables it: whoever may call can do harm with them.
import type { JSONValue, Pins, System } from "host/contract";
import { Levels, type Log } from "service/log";
import Timer from "timer";

/** What can be enabled. */
export const CommandNames = ["restart", "identify", "logLevel", "factoryReset"] as const;
export type CommandName = (typeof CommandNames)[number];

/** What the commands work on. */
export interface CommandsOptions {
	/** Names of those that may be called; default none. Others in the list are not looked at. */
	enabled?: readonly string[];
	system: System;
	pins: Pins;
	log: Log;
	/** Forgets settings and credentials. */
	reset(): void;
}

const RestartDelay = 1_000; // ms: the answer has to leave the chip first
const Blink = 250; // ms
const Longest = 60; // seconds of blinking

/** Answers the calls that are its own. */
export class Commands {
	readonly #options: CommandsOptions;
	#blinking: ReturnType<typeof Timer.set> | undefined;
	#restarting: ReturnType<typeof Timer.set> | undefined;

	constructor(options: CommandsOptions) {
		this.#options = options;
	}

	/** True for a method that is ours and enabled. */
	has(method: string): method is CommandName {
		return CommandNames.some((name) => name === method) && !!this.#options.enabled?.includes(method);
	}

	/** The answer. @throws Error for what is not enabled, TypeError or RangeError for params. */
	call(method: string, params: JSONValue): JSONValue {
		if (!this.has(method)) throw new Error(`unknown method ${method}`);
		switch (method) {
			case "restart":
				return this.#restart();
			case "identify":
				return this.#identify(params);
			case "logLevel":
				return this.#logLevel(params);
			case "factoryReset":
				this.#options.reset();
				return this.#restart();
		}
	}

	/** Stops what goes on. */
	close(): void {
		Timer.clear(this.#blinking);
		Timer.clear(this.#restarting);
	}

	#restart(): JSONValue {
		Timer.clear(this.#restarting);
		this.#restarting = Timer.set(() => this.#options.system.restart(), RestartDelay);
		return { restart: true };
	}

	/** Blinks for `params` seconds (default 10), on boards that have a lamp. */
	#identify(params: JSONValue): JSONValue {
		const { lamp } = this.#options.pins;
		const seconds = params === null ? 10 : params;
		if (typeof seconds !== "number" || !(seconds > 0 && seconds <= Longest))
			throw new RangeError(`identify: expected seconds up to ${Longest}, got ${JSON.stringify(params)}`);
		if (lamp) this.#blink(lamp, Math.ceil((seconds * 1000) / Blink));
		return { identify: lamp !== undefined };
	}
	/** Ends dark. */
	#blink(lamp: NonNullable<Pins["lamp"]>, times: number): void {
		Timer.clear(this.#blinking);
		let left = times + (times % 2);
		this.#blinking = Timer.repeat((id) => {
			left -= 1;
			lamp.write(left % 2 === 1);
			if (left === 0) Timer.clear(id);
		}, Blink);
	}
	#logLevel(params: JSONValue): JSONValue {
		const { log } = this.#options;
		const level = Levels.find((name) => name === params);
		if (!level)
			throw new TypeError(`logLevel: expected one of ${Levels.join(", ")}, got ${JSON.stringify(params)}`);
		log.level = level;
		return { logLevel: level };
	}
}
