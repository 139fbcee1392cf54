/** What the server has assigned: its attributes put together, what was decided about them, and how often it may be tried. */
import type { JSONObject, JSONValue, Store } from "host/contract";
import { attempt } from "ota/attempt";
import { clip, OTAError } from "ota/errors";
import { type Decision, decide, type Firmware, keyOf, merge } from "ota/firmware";
import { dropKept, forgive, readKept, withdrawKept, writeKept } from "ota/kept";
import type { UpdaterOptions } from "ota/options";
import {
	dropQuarantine,
	lacksRollback,
	noteRollback,
	readQuarantine,
	readTrial,
	writeQuarantine,
	writeTrial,
} from "ota/record";
import type { Tally } from "ota/tally";

const FreshDownloads = 1; // per package, after a wrong checksum or a flash failure; over restarts too
const LongestRetry = 600; // characters of `ota_retry` that are compared; NVS takes 1984 bytes
const Reconnects = 3; // downloads per package that a later connection may begin again

/** What is looked at before a package is taken. */
export type AssignmentOptions = Pick<
	UpdaterOptions,
	"current" | "slots" | "store" | "accept" | "withoutRollback"
>;

/** A decision that asks for something. */
export type News = Exclude<Decision, { kind: "nothing" }>;

/** No method throws: a store that fails keeps nothing and lifts nothing. */
export class Assignment {
	readonly #options: AssignmentOptions;
	readonly #store: Store;
	#attributes: JSONObject = {};
	/** Identity of what was decided last, refusals included. */
	#decided = "";
	/** The same may be decided again. */
	#open = false;
	#spoiled = 0;
	/** The package whose download has begun in this boot. */
	#begun = "";
	#reconnects = Reconnects;
	/** Bytes of it that were there once, in this boot. */
	#reached = 0;

	constructor(options: AssignmentOptions) {
		this.#options = options;
		this.#store = options.store;
	}

	/** Adds attributes. True when they carry an `ota_retry` that was not seen before. */
	merge(values: JSONObject): boolean {
		this.#attributes = merge(this.#attributes, values);
		return values.ota_retry !== undefined && this.isNewRetry(values.ota_retry);
	}

	/** Forgets deleted attributes. */
	delete(names: readonly string[]): void {
		for (const name of names) delete this.#attributes[name];
	}

	/** What the attributes ask for, told once per package unless `retry` or `reopen` came between. */
	next(): News | undefined {
		const { current, slots, accept } = this.#options;
		const decision = decide(this.#attributes, current, () => slots.next.size, accept);
		if (decision.kind === "nothing") return undefined;
		const key =
			decision.kind === "wanted"
				? keyOf(decision.firmware)
				: `${decision.kind} ${JSON.stringify(this.#attributes)}`;
		if (key === this.#decided && !this.#open) return undefined;
		if (key !== this.#decided) this.turnTo(key, decision);
		this.#open = false;
		return decision;
	}

	/** Lifts hold and quarantine, and refills the budgets; also believes once more that the boot loader can roll back. */
	retry(): void {
		this.lift();
		attempt(() => noteRollback(this.#store, false));
	}

	/** Nothing is assigned any more: the same package may come again. True: half of one is kept, and this is news. */
	release(): boolean {
		this.#decided = "";
		this.lift();
		return withdrawKept(this.#store);
	}

	/** Its end was told: what is kept of it is no news at the next boot. */
	abandon(): void {
		withdrawKept(this.#store);
	}

	/** So much of the package is there; where it was not there before, it may be interrupted as often again. */
	progressed(written: number): void {
		if (written <= this.#reached) return;
		this.#reached = written;
		this.#reconnects = Reconnects;
	}

	/** Downloads of the package that came to nothing by its own or flash's fault, those before a restart included. */
	spoiled(firmware: Firmware): number {
		return Math.max(this.#spoiled, readKept(this.#store, firmware)?.spoiled ?? 0);
	}

	/** The download of the package begins; true: for the first time in this boot. */
	begins(firmware: Firmware): boolean {
		const isFirst = this.#begun !== keyOf(firmware);
		this.#begun = keyOf(firmware);
		return isFirst;
	}

	/** Takes one of the downloads from byte 0 that follow a damaged one; false when there is none left. */
	takeFresh(firmware: Firmware, tally: Tally): boolean {
		this.#spoiled = this.spoiled(firmware) + 1;
		if (this.#spoiled > FreshDownloads) return false;
		const kept = { position: 0, proof: "", spoiled: this.#spoiled, boots: 0, tally };
		attempt(() => writeKept(this.#store, firmware, kept));
		return true;
	}

	/** The next offer of the same package may begin again, a few times. */
	reopen(): void {
		if (this.#reconnects-- > 0) this.#open = true;
	}

	/** Why this package is not even tried, as `fw_error`, or undefined: it was given up, perhaps before a restart; or no rollback. */
	objection(firmware: Firmware): string | undefined {
		const quarantine = attempt(() => readQuarantine(this.#store));
		return quarantine?.key === keyOf(firmware) ? quarantine.error : this.unguarded;
	}

	/** Gives the package up, over restarts too. */
	quarantine(firmware: Firmware, error: string): void {
		attempt(() => writeQuarantine(this.#store, { key: keyOf(firmware), error }));
		dropKept(this.#store);
	}

	/** Without a rollback a firmware that does not start could not be undone. */
	private get unguarded(): string | undefined {
		if (this.#options.withoutRollback || !attempt(() => lacksRollback(this.#store))) return undefined;
		const text =
			"boot loader: expected CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE, this chip's went without a trial";
		return String(new OTAError("OTA_ROLLBACK", text));
	}

	/** Another package lifts the quarantine; so does the running version, which is another one too. */
	private turnTo(key: string, { kind }: News): void {
		this.#decided = key;
		this.refill();
		if (kind === "refused") return;
		attempt(() => {
			if (readQuarantine(this.#store)?.key !== key) dropQuarantine(this.#store);
		});
	}

	/** Also where the verdict of a trial is still to be told: telling it at the next boot must not give the package up again. */
	private lift(): void {
		this.#open = true;
		this.refill();
		forgive(this.#store);
		attempt(() => dropQuarantine(this.#store));
		attempt(() => {
			const trial = readTrial(this.#store);
			if (trial?.verdict !== undefined && !trial.lifted) writeTrial(this.#store, { ...trial, lifted: true });
		});
	}

	private refill(): void {
		this.#spoiled = this.#reached = 0;
		this.#reconnects = Reconnects;
	}

	/** The attribute stays on the server and comes with every connection, so only a change that can be remembered counts. */
	private isNewRetry(value: JSONValue): boolean {
		const text = clip(JSON.stringify(value), LongestRetry);
		const isNew = attempt(() => {
			if (this.#store.get("retry") === text) return false;
			this.#store.set("retry", text);
			return true;
		});
		return !!isNew && !!value;
	}
}
