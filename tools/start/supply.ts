// The supply of a virtual board: when the board's process dies, power comes back, as after a blackout.
import type { Program } from "./process.ts";

const Pause = 1000; // ms without power
const Minute = 60_000; // ms
const Losses = 10; // within a minute; more is no blackout but something that kills the board

/** What a supply needs of a board. */
export type Powered = Pick<Program, "gone" | "end">;

export interface SupplyOptions {
	/** Powers the board on, with the flash that it has. */
	start(): Powered;
	/** Gets a line for each loss of power. */
	say(text: string): void;
	/** Whether power comes back; otherwise the first loss is the end. */
	returns: boolean;
	/** Milliseconds; real time unless given. */
	now?(): number;
	/** Calls later; real time unless given. */
	after?(ms: number, action: () => void): void;
}

/** Keeps one board powered. A process that was killed, or asked to end, has lost power; one that ended with an error is broken. */
export class Supply {
	/** Resolves with the reason once the board will not run again. Not after `end`. */
	readonly gone: Promise<string>;
	#options: Required<SupplyOptions>;
	#board: Powered;
	#losses: number[] = [];
	#ended = false;
	#giveUp: (reason: string) => void = () => undefined;

	/** Powers the board on. */
	constructor(options: SupplyOptions) {
		this.#options = { now: Date.now, after: (ms, action) => void setTimeout(action, ms), ...options };
		this.gone = new Promise((done) => {
			this.#giveUp = done;
		});
		this.#board = this.#on();
	}

	/** Switches it off for good. */
	async end(): Promise<void> {
		this.#ended = true;
		await this.#board.end();
	}

	#on(): Powered {
		const board = this.#options.start();
		board.gone.then((status) => this.#lost(status));
		return board;
	}

	#lost(status: number | string): void {
		if (this.#ended) return;
		const { returns, say, after } = this.#options;
		const died = `the board's process ended with ${status}`;
		if (!returns || (typeof status === "number" && status !== 0)) this.#giveUp(died);
		else if (this.#tooOften())
			this.#giveUp(`${died}, for the ${Losses + 1}th time within a minute: expected ${Losses} at most`);
		else {
			say(`the board has lost power (its process ended with ${status}); power comes back in a second`);
			after(Pause, () => {
				if (!this.#ended) this.#board = this.#on();
			});
		}
	}

	/** Counts a loss. */
	#tooOften(): boolean {
		const time = this.#options.now();
		this.#losses = [...this.#losses.filter((before) => time - before < Minute), time];
		return this.#losses.length > Losses;
	}
}
