/** This is the old image again: whose fault is it that the new one does not run, and is it worth another trial? */
import type { DigestConstructor, ResetReason, Slots, Store } from "host/contract";
import { attempt, naming } from "ota/attempt";
import { clip, flashError, OTAError, storeError } from "ota/errors";
import { keyOf } from "ota/firmware";
import { readQuarantine, type TrialRecord, writeTrial } from "ota/record";
import { SlotCheck } from "ota/slot-check";
import type { Stage } from "ota/states";
import Time from "time";
import Timer from "timer";

/** Activations of one image. */
export const Trials = 3;

export interface RollbackOptions {
	record: TrialRecord;
	slots: Slots;
	store: Store;
	resetReason: ResetReason;
	/** Milliseconds that this image gets to connect, when the other one could not. */
	timeout: number;
	digest?: DigestConstructor | undefined;
	/** The other slot is active again. */
	onReady?: (() => void) | undefined;
	onStage(stage: Stage): void;
	/** `error` is the text of `fw_error`. */
	onGiveUp(error: string): void;
}

const Soon = 60_000; // milliseconds in which an image that can connect does
const Slice = 65_536; // bytes hashed per turn
const Looks = 3; // at the other slot, when flash or store fail
const Pause = 5_000; // milliseconds between two of them
/** Reset reasons that are not the package's fault. */
export const PowerLoss: readonly string[] = Object.freeze(["POWERON", "BROWNOUT", "EXT"]);

type Loss = "switch" | "power" | "offline";

export class Rollback {
	readonly #options: RollbackOptions;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#isWaiting = false;
	#waiting = 0; // ticks of its begin
	#looks = Looks;
	#closed = false;

	constructor(options: RollbackOptions) {
		this.#options = options;
	}

	/** A crash is the package's fault; a power loss and an absent server are not. Throws when store or flash cannot be read. */
	judge(isConnected: boolean): void {
		const { slots, store, resetReason, record, onGiveUp } = this.#options;
		const known = readQuarantine(store);
		const failed = ["ABORTED", "INVALID"].includes(slots.next.state);
		if (known?.key === keyOf(record)) onGiveUp(known.error);
		else if (!failed) this.check("switch");
		else if (record.offline) this.wait(isConnected);
		else if (record.reason !== undefined || !PowerLoss.includes(resetReason)) onGiveUp(this.reason());
		else this.check("power");
	}

	/**
	 * While waiting: this image connects. At once: so the other one should have. Late: the server was away for this image too, and
	 * the other one gets another trial.
	 */
	connected(): void {
		if (!this.#isWaiting) return;
		this.#isWaiting = false;
		const isLate = Time.delta(this.#waiting) >= Soon;
		this.disarm();
		if (isLate) this.check("offline");
		else this.#options.onGiveUp(this.reason());
	}

	/** Nothing is called after it. */
	close(): void {
		this.#closed = true;
		this.disarm();
	}

	private disarm(): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}

	private reason(): string {
		const { record, resetReason } = this.#options;
		const text = record.reason ?? `trial: expected a confirmation, got reset ${resetReason}`;
		return String(new OTAError("OTA_REVERTED", `${clip(record.version)}: ${text}`));
	}

	private wait(isConnected: boolean): void {
		this.#isWaiting = true;
		this.#waiting = Time.ticks;
		this.after(this.#options.timeout, () => this.check("offline"));
		this.#options.onStage("WAITING");
		if (isConnected) this.connected();
	}

	/** The slot may still hold the whole image: then it is activated again, without a download. */
	private check(why: Loss): void {
		const { record, digest, onReady, onStage } = this.#options;
		if (record.trials >= Trials) this.lost(`a confirmation within ${Trials} trials`, why);
		else if (!digest || !onReady) this.lost("its start", why);
		else {
			onStage("CHECKING");
			this.look();
		}
	}

	private look(): void {
		const { record, slots, digest } = this.#options;
		this.soon(() => this.slice(new SlotCheck(record, slots, digest as DigestConstructor)));
	}

	/** What the slot holds is the package's own fault; that it cannot be read or activated may pass. */
	private missed(error: unknown): void {
		const isOwn = error instanceof OTAError && error.code === "OTA_CHECKSUM";
		if (isOwn || --this.#looks === 0) this.#options.onGiveUp(String(error));
		else this.after(Pause, () => this.look());
	}

	private lost(expected: string, why: Loss): void {
		const { record, onGiveUp } = this.#options;
		const text = `${clip(record.version)}: expected ${expected}, got ${why} loss`;
		onGiveUp(String(new OTAError("OTA_SWITCH", text)));
	}

	private slice(check: SlotCheck): void {
		if (check.step(Slice)) this.switch();
		else this.soon(() => this.slice(check));
	}

	/** The count comes first, so that no cut makes trials endless. */
	private switch(): void {
		const { slots, store, onReady, onStage } = this.#options;
		const { title, version, size, algorithm, checksum, slot, trials, tally } = this.#options.record;
		const firmware = { title, version, size, algorithm, checksum, ...(tally && { tally }) };
		const next = { ...firmware, slot, trials: trials + 1 };
		naming("keep the trial record", storeError, () => writeTrial(store, next));
		naming("activate the slot again", flashError, () => slots.activate());
		onStage("SWITCHED");
		if (!this.#closed) attempt(() => onReady?.());
	}

	private soon(action: () => void): void {
		this.after(0, () => {
			try {
				action();
			} catch (error) {
				this.missed(error);
			}
		});
	}

	private after(ms: number, action: () => void): void {
		if (this.#closed) return;
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			action();
		}, ms);
	}
}
