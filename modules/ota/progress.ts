/** Tells ThingsBoard each state of an update as telemetry, and says when the next state may follow. */
import type { JSONObject } from "host/contract";
import { attempt } from "ota/attempt";
import type { Current } from "ota/firmware";
import type { State } from "ota/states";
import { type Report, Teller } from "ota/telling";
import Timer from "timer";

const LastWord = 5_000; // milliseconds for the acknowledgement of a state before the next step goes ahead without it
const Apart = 2; // milliseconds between an acknowledgement and the next step

export class ProgressReport {
	readonly #current: Current;
	readonly #report: Report;
	readonly #teller: Teller;
	#isFirst = true;
	#next: (() => void) | undefined;
	#timer: ReturnType<typeof Timer.set> | undefined;

	constructor(current: Current, report: Report) {
		this.#current = current;
		this.#report = report;
		this.#teller = new Teller(report);
	}

	/** What runs; with the first connection of a boot also what it waits for, since the server may still show what was so before. */
	running(hold: string): void {
		const first = this.#isFirst && { ota_hold: hold };
		this.#isFirst = false;
		attempt(() => this.#report({ ...this.identity, ...first }));
	}

	/** Until acknowledged, or another state is told. `report`: what the update has cost. */
	failed(error: string, report?: JSONObject): void {
		const cost = report && { ota_report: report };
		this.#teller.tell({ ...this.identity, fw_state: "FAILED", fw_error: error, ...cost });
	}

	/** Why nothing goes on, or `""`: something does again. Once. */
	waits(reason: string): void {
		attempt(() => this.#report({ ota_hold: reason }));
	}

	/**
	 * Once. `next` is called when the server has it, or `LastWord` later, in a turn of its own, unless `hold` comes before.
	 * ThingsBoard keeps one value per key and millisecond, so a state that followed at once would replace this one.
	 */
	reached(state: State, next?: () => void): void {
		this.hold();
		this.#next = next;
		if (next) this.after(LastWord);
		const isNew = state === "DOWNLOADING" && { fw_error: "" }; // what was wrong with another package is no news any more
		this.#teller.mention({ fw_state: state, ...isNew }, () => this.after(Apart));
	}

	/** The next step is not taken. */
	hold(): void {
		this.#next = undefined;
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	/** Nothing is sent or called any more. */
	close(): void {
		this.hold();
		this.#teller.close();
	}

	private get identity(): { current_fw_title: string; current_fw_version: string } {
		const { title, version } = this.#current;
		return { current_fw_title: title, current_fw_version: version };
	}

	private after(ms: number): void {
		const next = this.#next;
		if (!next) return;
		this.hold();
		this.#next = next;
		this.#timer = Timer.set(() => {
			this.hold();
			next();
		}, ms);
	}
}
