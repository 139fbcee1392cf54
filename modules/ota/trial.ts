/** After the restart: is the new image on trial, was it confirmed, did the boot loader give it up, or was the switch lost? */
import type { ImageState, JSONObject } from "host/contract";
import { attempt } from "ota/attempt";
import { clip, flashError, OTAError } from "ota/errors";
import { keyOf } from "ota/firmware";
import { Probation, type Proof } from "ota/probation";
import {
	dropTrial,
	lacksRollback,
	noteRollback,
	readTrial,
	type TrialRecord,
	writeQuarantine,
	writeTrial,
} from "ota/record";
import { Rollback, Trials } from "ota/rollback";
import type { Stage } from "ota/states";
import { reportOf } from "ota/tally";
import { Teller } from "ota/telling";
import type { TrialOptions } from "ota/trial-options";
import Timer from "timer";

export type { Proof } from "ota/probation";
export type { TrialOptions } from "ota/trial-options";

const Pause = 5_000; // milliseconds before a failed look at store and slots is repeated
const Patience = 300_000; // milliseconds, default of `timeout`

/** Make one at every boot. No public method throws. */
export default class Trial {
	readonly #options: TrialOptions;
	readonly #teller: Teller;
	readonly #proved = new Set<Proof>();
	#stage: Stage = "STARTED";
	#record: TrialRecord | undefined;
	#probation: Probation | undefined;
	#rollback: Rollback | undefined;
	/** What `fail` said before the stage was decided. */
	#failed: string | undefined;
	#blind = 0; // milliseconds without a look at the store
	#timer: ReturnType<typeof Timer.set> | undefined;
	#closed = false;

	constructor(options: TrialOptions) {
		this.#options = options;
		this.#teller = new Teller(options.report);
		this.soon(() => this.start(), 0);
	}

	/** What this boot has turned out to be. */
	get stage(): Stage {
		return this.#stage;
	}

	/** Tells one proof of service; each counts once, in any order, also before the stage is decided. */
	prove(proof: Proof): void {
		if (this.#closed) return;
		this.#proved.add(proof);
		this.weigh();
	}

	/** The application's own check failed for good: the image is given up now, or as soon as it is found on trial. */
	fail(reason: string): void {
		if (this.#closed) return;
		this.#failed = `application check: ${clip(reason, 100)}`;
		if (this.#stage === "TRIAL") this.revert(this.#failed, false);
	}

	/** Stops; nothing is called after it. An image on trial stays unconfirmed. */
	close(): void {
		this.#closed = true;
		this.disarm();
		this.#teller.close();
	}

	/** A store that cannot be read decides nothing, so it is looked at again; a new image has as long as for its proofs. */
	private start(): void {
		try {
			this.#record = readTrial(this.#options.store);
			this.look();
		} catch (error) {
			this.#blind += Pause;
			if (this.#blind <= this.timeout || !this.isGuarded) this.soon(() => this.start(), Pause);
			else this.revert(`store: expected the trial's record, got ${clip(String(error))}`, false);
		}
	}

	/** The boot loader goes back at the next restart, unless this image is confirmed. */
	private get isGuarded(): boolean {
		return attempt(() => this.#options.slots.running.state) === "PENDING_VERIFY";
	}

	private get timeout(): number {
		return this.#options.timeout ?? Patience;
	}

	private look(): void {
		const { running } = this.#options.slots;
		const { state } = running;
		const record = this.#record;
		if (state === "PENDING_VERIFY") this.guarded(running.label);
		else if (!record) this.enter("NONE");
		else if (this.isRunning(record)) this.unguarded(record, state);
		else if (record.verdict !== undefined) this.giveUp(record.verdict);
		else if (running.label === record.slot) this.giveUp(this.otherVersion(record));
		else this.rolledBack(record);
	}

	private isRunning({ title, version }: TrialRecord): boolean {
		const { current } = this.#options;
		return title === current.title && version === current.version;
	}

	private otherVersion({ title, version }: TrialRecord): string {
		const { current } = this.#options;
		const text = `image: expected ${clip(title)} ${clip(version)}, got ${clip(current.title)} ${clip(current.version)}`;
		return String(new OTAError("OTA_VERSION", text));
	}

	/** The boot loader goes back unless this image is confirmed. */
	private guarded(label: string): void {
		if (this.#record) this.keep({ ...this.#record, guarded: true });
		attempt(() => noteRollback(this.#options.store, false));
		this.#record ??= this.unknown(label);
		this.onTrial(this.#record);
	}

	/**
	 * Confirmed already; or nobody goes back but this image itself: the boot loader knows no rollback (NEW is then left as it was), or
	 * power failed while it wrote PENDING_VERIFY, which no CRC covers. A few boots without a confirmation end it.
	 */
	private unguarded(record: TrialRecord, state: ImageState): void {
		const boots = (record.boots ?? 0) + 1;
		if (record.confirmed || (record.guarded && state === "VALID")) this.confirmed(record);
		else {
			if (state === "NEW") this.lacksRollback();
			this.keep({ ...record, boots });
			if (boots > Trials) this.#failed ??= `trial: expected a confirmation within ${Trials} boots, got none`;
			this.onTrial(record);
		}
	}

	private lacksRollback(): void {
		const { store, report } = this.#options;
		if (attempt(() => lacksRollback(store)) === false) attempt(() => report({ ota_rollback: false }));
		attempt(() => noteRollback(store, true));
	}

	private onTrial(record: TrialRecord): void {
		this.enter("TRIAL");
		if (this.#closed || this.#stage !== "TRIAL") return; // `onStage` has decided otherwise
		const failed = this.isRunning(record) ? this.#failed : this.otherVersion(record);
		if (failed !== undefined) {
			this.revert(failed, false);
			return;
		}
		const { timeout } = this;
		this.#probation = new Probation({
			...{ slots: this.#options.slots, timeout, guarded: record.guarded === true, proved: this.#proved },
			onKept: () => this.kept(this.#record as TrialRecord),
			onLost: () => this.lost(),
			onFailed: (reason, offline) => this.revert(reason, offline),
		});
		this.weigh();
	}

	/** An image on trial that no record announced, e.g. written by another tool. */
	private unknown(slot: string): TrialRecord {
		const { title, version } = this.#options.current;
		return { title, version, size: 0, algorithm: "", checksum: "", slot, trials: Trials };
	}

	private weigh(): void {
		if (this.#stage === "WAITING" && this.#proved.has("connected")) this.#rollback?.connected();
		if (this.#stage === "TRIAL") this.#probation?.weigh();
	}

	/**
	 * ESP-IDF erases the record before it writes it again. When the write failed, the other image's record is the active one, and its being
	 * valid passes for success: but it is the other one that boots next. So it does now, finds this one complete, and activates it again.
	 */
	private lost(): void {
		this.enter("REVERTED", "confirm: expected a record of this image, it was lost");
		if (!this.#closed) attempt(() => this.#options.onReady?.());
	}

	private kept(record: TrialRecord): void {
		this.confirmed(record);
		if (!this.#closed) attempt(() => this.#options.onConfirmed?.());
	}

	private confirmed(record: TrialRecord): void {
		if (!record.confirmed) this.keep({ ...record, confirmed: true });
		this.enter("UPDATED");
		this.tell({ fw_state: "UPDATED", ...this.cost });
	}

	private revert(reason: string, offline: boolean): void {
		const { slots } = this.#options;
		this.disarm();
		if (this.#record) this.keep({ ...this.#record, reason, offline });
		this.enter("REVERTED", reason);
		attempt(() => this.#options.onRevert?.(reason));
		try {
			slots.revert();
		} catch (error) {
			this.stuck(flashError("revert", error));
		}
	}

	/** A restart is as good where the boot loader goes back; elsewhere this image stays, and the server hears of it. */
	private stuck(error: OTAError): void {
		const { store, onReady } = this.#options;
		if (this.isGuarded && onReady) {
			attempt(onReady);
			return;
		}
		const record = this.#record;
		const text = String(error);
		if (record) attempt(() => writeQuarantine(store, { key: keyOf(record), error: text }));
		this.tell({ fw_state: "FAILED", fw_error: text });
	}

	private rolledBack(record: TrialRecord): void {
		const { slots, store, resetReason, digest, onReady } = this.#options;
		this.#rollback = new Rollback({
			...{ record, slots, store, resetReason, digest, onReady, timeout: this.timeout },
			onStage: (stage) => this.enter(stage),
			onGiveUp: (error) => this.giveUp(error),
		});
		this.#rollback.judge(this.#proved.has("connected"));
	}

	/** Quarantine first: a cut after it leads here again. */
	private giveUp(error: string): void {
		const { store } = this.#options;
		const record = this.#record as TrialRecord;
		if (!record.lifted) attempt(() => writeQuarantine(store, { key: keyOf(record), error }));
		if (record.verdict !== error) this.keep({ ...record, verdict: error });
		this.enter("FAILED", error);
		this.tell({ fw_state: "FAILED", fw_error: error, ...this.cost });
	}

	/** What the download has cost, when a record says so. */
	private get cost(): JSONObject | undefined {
		const { resetReason } = this.#options;
		const tally = this.#record?.tally;
		return tally && { ota_report: reportOf(tally, resetReason) };
	}

	/** Ours is what the store has, so that it can be told from the record of a later update. */
	private keep(record: TrialRecord): void {
		attempt(() => {
			writeTrial(this.#options.store, record);
			this.#record = record;
		});
	}

	/** At every boot until acknowledged, unless an update has begun since. */
	private tell(values: JSONObject): void {
		if (this.#closed) return;
		const { current, store } = this.#options;
		this.#teller.tell(
			{ current_fw_title: current.title, current_fw_version: current.version, ...values },
			() => this.isUntold() && attempt(() => dropTrial(store)),
			() => this.isUntold(),
		);
	}

	/** The updater drops the record when it begins with a package, and writes the next one. */
	private isUntold(): boolean {
		const record = this.#record as TrialRecord;
		try {
			const stored = readTrial(this.#options.store);
			return !!stored && keyOf(stored) === keyOf(record) && stored.verdict === record.verdict;
		} catch {
			return true;
		}
	}

	private enter(stage: Stage, error?: string): void {
		this.#stage = stage;
		if (!this.#closed) attempt(() => this.#options.onStage?.(stage, error));
	}

	private soon(action: () => void, ms: number): void {
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			action();
		}, ms);
	}

	private disarm(): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
		this.#probation?.close();
		this.#rollback?.close();
	}
}
