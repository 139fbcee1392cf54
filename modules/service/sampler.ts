// Readings at an interval that a shared attribute sets.
import type { JSONObject } from "host/contract";
import type { Log } from "service/log";
import Timer from "timer";

/** What is read, and where it goes. */
export interface SamplerOptions {
	/** One reading of everything; may throw. */
	read(): JSONObject;
	/** Sends a reading; `done(null)` when the server has it. */
	send(values: JSONObject, done: (error: Error | null) => void): void;
	/** A reading was made: the application works. */
	onRead?(): void;
	/** The server has one. */
	onAcknowledged?(): void;
	log: Log;
	/** Seconds; default 10. */
	interval?: number;
}

const Shortest = 1; // seconds
const Longest = 3600;

/** Reads at once and then at the interval. A sensor that fails for once is told and costs nothing else. */
export class Sampler {
	readonly #options: SamplerOptions;
	readonly #timer: ReturnType<typeof Timer.set>;
	#interval: number;

	constructor(options: SamplerOptions) {
		this.#options = options;
		this.#interval = options.interval ?? 10;
		this.#timer = Timer.repeat(() => this.sample(), this.#interval * 1000);
	}

	/** Seconds between two readings. */
	get interval(): number {
		return this.#interval;
	}

	/** Takes `telemetryInterval` among shared attributes, 1…3600 seconds. True when there is a valid one, new or not. */
	configure({ telemetryInterval: seconds }: JSONObject): boolean {
		if (typeof seconds !== "number" || !(seconds >= Shortest && seconds <= Longest)) return false;
		this.#interval = seconds;
		Timer.schedule(this.#timer, seconds * 1000, seconds * 1000);
		return true;
	}

	/** One reading now. */
	sample(): void {
		const { read, send, onRead, onAcknowledged, log } = this.#options;
		try {
			const values = read();
			onRead?.();
			send(values, (error) => error ?? onAcknowledged?.());
		} catch (error) {
			log.error(`app: readings: ${error}`);
		}
	}

	/** No reading after it. */
	close(): void {
		Timer.clear(this.#timer);
	}
}
