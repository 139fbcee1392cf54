// Real time: certificates have dates and telemetry has timestamps, and an ESP32 starts in 1970.
import SNTP from "sntp";
import Time from "time";
import Timer from "timer";

const Earliest = Date.UTC(2025, 0, 1); // a clock before this was never set
const Latest = Date.UTC(2100, 0, 1);
const FirstRetry = 5_000; // ms, doubled up to LastRetry
const LastRetry = 3_600_000;
const Again = 86_400_000; // ms: a crystal of 40 ppm is 3.5 s off after a day

/** Every option. */
export interface ClockOptions {
	/** Name or address of the SNTP server; asked for each question. */
	host(): string;
	/** The clock has been set for the first time since power-on. */
	onValid(): void;
	/** Why there is no time, once for each reason until there is. */
	onError(text: string): void;
}

/** True once this chip knows the date; it keeps it over a restart, not over a power cut. */
export const isClockValid = (): boolean => Date.now() >= Earliest;

/** Asks for the time while there is a link: at once, again after a failure, and once a day. */
export class NetworkClock {
	readonly #options: ClockOptions;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#delay = FirstRetry;
	#up = false;
	#question = 0; // answers to earlier questions are stale
	#told = "";

	constructor(options: ClockOptions) {
		this.#options = options;
	}

	/** The link came up. */
	start(): void {
		if (this.#up) return;
		this.#up = true;
		this.#delay = FirstRetry;
		this.#ask();
	}
	/** The link went down, or all is over; nothing is called after it until `start`. */
	stop(): void {
		this.#up = false;
		this.#question += 1;
		Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	#ask(): void {
		const host = this.#options.host();
		this.#question += 1;
		const question = this.#question;
		try {
			new SNTP({ host }, (message, value) => {
				if (message === SNTP.retry || question !== this.#question) return;
				this.#question += 1;
				if (message === SNTP.time) this.#set(host, Number(value) * 1000);
				else this.#failed(`SNTP ${host}: expected the time, got ${value}`);
			});
		} catch (error) {
			this.#failed(`SNTP ${host}: expected a socket, got ${error}`);
		}
	}
	/** Whoever answers is believed, but not that it is 1970 or 2106. */
	#set(host: string, now: number): void {
		if (now >= Earliest && now < Latest) this.#accept(now);
		else this.#failed(`SNTP ${host}: expected a time from 2025 to 2100, got ${now} ms since 1970`);
	}
	#accept(now: number): void {
		const wasValid = isClockValid();
		Time.set(now / 1000);
		this.#told = "";
		this.#delay = FirstRetry;
		this.#after(Again);
		if (!wasValid) this.#options.onValid();
	}
	#failed(text: string): void {
		this.#after(this.#delay);
		this.#delay = Math.min(this.#delay * 2, LastRetry);
		if (text !== this.#told) this.#options.onError(text);
		this.#told = text;
	}
	#after(ms: number): void {
		Timer.clear(this.#timer);
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			if (this.#up) this.#ask();
		}, ms);
	}
}
