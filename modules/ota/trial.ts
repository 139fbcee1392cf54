/** After the restart: is the new image on trial, was it confirmed, did the boot loader give it up, or was the switch lost? */
import type { DigestConstructor, JSONObject, ResetReason, Slots, Store } from "host/contract";
import { clip, flashError, OTAError } from "ota/errors";
import { type Current, keyOf } from "ota/firmware";
import { SlotCheck } from "ota/image";
import {
	dropTrial,
	readQuarantine,
	readTrial,
	type TrialRecord,
	writeQuarantine,
	writeTrial,
} from "ota/record";
import { type Stage, stages } from "ota/states";
import { type Report, Teller } from "ota/telling";
import Timer from "timer";

/** What a new image has to show before it is kept. */
export type Proof = "connected" | "acknowledged" | "application";

export interface TrialOptions {
	current: Current;
	slots: Slots;
	/** The namespace that `Updater` uses too. */
	store: Store;
	/** Why this boot happened. */
	resetReason: ResetReason;
	report: Report;
	/** Milliseconds from boot to the last proof; default 300 000. */
	timeout?: number;
	/** Hashes the other slot again after a lost switch; without it such an update fails. */
	digest?: DigestConstructor;
	/** The running image is kept. */
	onConfirmed?(): void;
	/** The running image gives up; the chip restarts next. */
	onRevert?(reason: string): void;
	/** The other slot is active again after a lost switch: restart when you like. Needed together with `digest`. */
	onReady?(): void;
	/** Every change of stage. */
	onStage?(stage: Stage, error?: string): void;
}

const Proofs: readonly Proof[] = Object.freeze(["connected", "acknowledged", "application"] as const);
const Trials = 3; // activations of one image
const Slice = 65_536; // bytes hashed per turn
const Pause = 5_000; // milliseconds before a failed confirmation or look at flash is repeated
const PowerLoss: readonly string[] = Object.freeze(["POWERON", "BROWNOUT", "EXT"]); // not the package's fault

/** Make one at every boot. No public method throws. */
export default class Trial {
	readonly #options: TrialOptions;
	readonly #teller: Teller;
	readonly #proved = new Set<Proof>();
	#stage: Stage = "STARTED";
	#record: TrialRecord | undefined;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#again: ReturnType<typeof Timer.set> | undefined;
	#lastError: unknown;
	#closed = false;

	constructor(options: TrialOptions) {
		this.#options = options;
		this.#teller = new Teller(options.report);
		this.#soon(() => this.#start(), 0);
	}

	get stage(): Stage {
		return this.#stage;
	}

	/** Tells one proof of service; each counts once, in any order, also before the stage is decided. */
	prove(proof: Proof): void {
		if (this.#closed) return;
		this.#proved.add(proof);
		this.#weigh();
	}

	/** The application's own check failed for good: the image is given up now. */
	fail(reason: string): void {
		if (this.#closed || this.#stage !== "TRIAL") return;
		this.#revert(`application check: ${clip(reason, 100)}`, false);
	}

	/** Stops; nothing is called after it. An image on trial stays unconfirmed. */
	close(): void {
		this.#closed = true;
		this.#disarm();
		this.#teller.close();
	}

	/** Flash that cannot be read decides nothing, so it is looked at again. */
	#start(): void {
		try {
			this.#record = readTrial(this.#options.store);
			this.#look();
		} catch {
			this.#soon(() => this.#start(), Pause);
		}
	}

	#look(): void {
		const { running } = this.#options.slots;
		const { state } = running;
		const record = this.#record;
		if (state === "PENDING_VERIFY") this.#onTrial(running.label);
		else if (!record) this.#enter("NONE");
		else if (this.#isRunning(record)) this.#updated();
		else if (record.verdict !== undefined) this.#giveUp(record.verdict);
		else if (running.label === record.slot) this.#giveUp(this.#otherVersion(record));
		else this.#rolledBack(record);
	}

	#isRunning({ title, version }: TrialRecord): boolean {
		const { current } = this.#options;
		return title === current.title && version === current.version;
	}

	#otherVersion({ title, version }: TrialRecord): string {
		const { current } = this.#options;
		return `OTA_VERSION: image: expected ${clip(title)} ${clip(version)}, got ${clip(current.title)} ${clip(current.version)}`;
	}

	#onTrial(label: string): void {
		this.#record ??= this.#unknown(label);
		this.#enter("TRIAL");
		if (!this.#isRunning(this.#record)) {
			this.#revert(this.#otherVersion(this.#record), false);
			return;
		}
		this.#timer = Timer.set(() => this.#timedOut(), this.#options.timeout ?? 300_000);
		this.#weigh();
	}

	/** An image on trial that no record announced, e.g. written by another tool. */
	#unknown(slot: string): TrialRecord {
		const { title, version } = this.#options.current;
		return { title, version, size: 0, algorithm: "", checksum: "", slot, trials: Trials };
	}

	#weigh(): void {
		if (this.#stage === "WAITING" && this.#proved.has("connected")) this.#giveUp(this.#reason());
		if (this.#stage === "TRIAL" && this.#proved.size === Proofs.length && !this.#again) this.#confirm();
	}

	/** Confirm, then report: a report that overtook the confirmation could be a lie. */
	#confirm(): void {
		try {
			this.#options.slots.confirm();
		} catch (error) {
			this.#lastError = error;
			this.#soon(() => this.#weigh(), Pause);
			return;
		}
		const record = this.#record as TrialRecord;
		this.#quietly(() => writeTrial(this.#options.store, record));
		this.#updated();
		this.#quietly(() => this.#options.onConfirmed?.());
	}

	#updated(): void {
		this.#disarm();
		this.#enter("UPDATED");
		this.#tell({ fw_state: "UPDATED" });
	}

	#timedOut(): void {
		const { timeout = 300_000 } = this.#options;
		const seen = Proofs.filter((proof) => this.#proved.has(proof)).join(", ") || "nothing";
		const text = this.#lastError
			? flashError("confirm", this.#lastError).message
			: `trial: expected ${Proofs.join(", ")} within ${timeout / 1000} s, got ${seen}`;
		this.#revert(text, !this.#proved.has("connected"));
	}

	#revert(reason: string, offline: boolean): void {
		const { slots, store } = this.#options;
		const record = { ...(this.#record as TrialRecord), reason, offline };
		this.#disarm();
		this.#quietly(() => writeTrial(store, record));
		this.#enter("REVERTED", reason);
		this.#quietly(() => this.#options.onRevert?.(reason));
		try {
			slots.revert();
		} catch (error) {
			const text = String(flashError("revert", error));
			this.#quietly(() => writeQuarantine(store, { key: keyOf(record), error: text }));
			this.#tell({ fw_state: "FAILED", fw_error: text });
		}
	}

	/** This is the old image. A crash is the package's fault; a power loss and an absent server are not. */
	#rolledBack(record: TrialRecord): void {
		const { slots, store, resetReason } = this.#options;
		const known = readQuarantine(store);
		const failed = ["ABORTED", "INVALID"].includes(slots.next.state);
		if (known?.key === keyOf(record)) this.#giveUp(known.error);
		else if (!failed) this.#check("switch");
		else if (record.offline) this.#wait();
		else if (record.reason || !PowerLoss.includes(resetReason)) this.#giveUp(this.#reason());
		else this.#check("power");
	}

	#reason(): string {
		const { version, reason } = this.#record as TrialRecord;
		const text = reason ?? `trial: expected a confirmation, got reset ${this.#options.resetReason}`;
		return String(new OTAError("OTA_REVERTED", `${clip(version)}: ${text}`));
	}

	/** Can this image connect? Then the other one should have. */
	#wait(): void {
		this.#enter("WAITING");
		this.#timer = Timer.set(() => this.#check("offline"), this.#options.timeout ?? 300_000);
		this.#weigh();
	}

	/** The slot may still hold the whole image: then it is activated again, without a download. */
	#check(why: "switch" | "power" | "offline"): void {
		const { slots, digest, onReady } = this.#options;
		const record = this.#record as TrialRecord;
		if (record.trials >= Trials) {
			this.#giveUp(this.#tooMany(record, why));
			return;
		}
		if (!digest || !onReady) {
			this.#giveUp(`OTA_SWITCH: ${clip(record.version)}: expected its start, got ${why} loss`);
			return;
		}
		this.#enter("CHECKING");
		this.#step(() => {
			const check = new SlotCheck(record, slots, digest);
			this.#slice(check);
		});
	}

	#tooMany({ version }: TrialRecord, why: string): string {
		return `OTA_SWITCH: ${clip(version)}: expected a confirmation within ${Trials} trials, got ${why} loss`;
	}

	#slice(check: SlotCheck): void {
		if (check.step(Slice)) this.#switch();
		else this.#soon(() => this.#step(() => this.#slice(check)), 0);
	}

	/** The count comes first, so that no cut makes trials endless. */
	#switch(): void {
		const { slots, store } = this.#options;
		const { reason: _, offline: __, ...record } = this.#record as TrialRecord;
		writeTrial(store, { ...record, trials: record.trials + 1 });
		try {
			slots.activate();
		} catch (error) {
			throw flashError("activate the slot again", error);
		}
		this.#enter("SWITCHED");
		this.#quietly(() => this.#options.onReady?.());
	}

	#step(action: () => void): void {
		try {
			action();
		} catch (error) {
			this.#giveUp(String(error));
		}
	}

	/** Quarantine first: a cut after it leads here again. */
	#giveUp(error: string): void {
		const { store } = this.#options;
		const record = this.#record as TrialRecord;
		this.#disarm();
		this.#quietly(() => writeQuarantine(store, { key: keyOf(record), error }));
		this.#quietly(() => {
			if (record.verdict !== error) writeTrial(store, { ...record, verdict: error });
		});
		this.#enter("FAILED", error);
		this.#tell({ fw_state: "FAILED", fw_error: error });
	}

	/** At every boot until acknowledged, unless an update has begun since. */
	#tell(values: JSONObject): void {
		const { current, store } = this.#options;
		this.#teller.tell(
			{ current_fw_title: current.title, current_fw_version: current.version, ...values },
			() => this.#quietly(() => dropTrial(store)),
			() => this.#isUntold(),
		);
	}

	/** The updater drops the record when it begins with another package. */
	#isUntold(): boolean {
		try {
			return readTrial(this.#options.store) !== undefined;
		} catch {
			return true;
		}
	}

	#enter(stage: Stage, error?: string): void {
		if (!stages[this.#stage].includes(stage)) throw new Error(`ota: no way from ${this.#stage} to ${stage}`);
		this.#stage = stage;
		this.#quietly(() => this.#options.onStage?.(stage, error));
	}

	#soon(action: () => void, ms: number): void {
		this.#again = Timer.set(() => {
			this.#again = undefined;
			action();
		}, ms);
	}

	#disarm(): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		if (this.#again !== undefined) Timer.clear(this.#again);
		this.#timer = this.#again = undefined;
	}

	/** The application's and the store's exceptions end here. */
	#quietly(action: () => void): void {
		try {
			action();
		} catch {}
	}
}
