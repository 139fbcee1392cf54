// What the program says of itself: to the debugger as far as the level allows, and the last error to whoever asks.
/** From silent to everything. */
export const Levels = ["none", "error", "info", "debug"] as const;
/** One of `Levels`. */
export type Level = (typeof Levels)[number];

const LongestText = 200; // characters of the last error, which becomes telemetry

/** One log; release builds of the SDK have no `trace`, so what a person may need is kept here too. */
export class Log {
	/** Lines of a higher level are not traced. Errors are kept in any case. */
	level: Level = "info";
	/** Errors so far. */
	errors = 0;
	/** Text of the last one. */
	lastError: string | undefined;

	error(text: string): void {
		this.errors += 1;
		this.lastError = text.slice(0, LongestText);
		this.#trace("error", text);
	}
	info(text: string): void {
		this.#trace("info", text);
	}
	debug(text: string): void {
		this.#trace("debug", text);
	}

	#trace(level: Level, text: string): void {
		if (Levels.indexOf(level) <= Levels.indexOf(this.level)) trace(`${text}\n`);
	}
}
