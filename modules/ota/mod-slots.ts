/**
 * A mod's way as `Updater` and `Trial` know it from an image: its slot is the tail of the image's passive slot, and activating it means
 * to copy it into the partition `xs` after a restart, when no mod is mapped there.
 */
import type { Mods, ResetReason, Slot, Slots, Store } from "host/contract";
import { attempt } from "ota/attempt";
import { type Current, type Firmware, keyOf } from "ota/firmware";
import { spoil } from "ota/mod-key";
import { booted, foreign, type ModRecord, type Phase, readMod, removed, writeMod } from "ota/mod-record";
import { readTrial, writeTrial } from "ota/record";
import { Trials } from "ota/rollback";

/** The flash that a mod goes through, and what is known of this boot. */
export interface ModSlotsOptions {
	/** The image's. */
	slots: Slots;
	mods: Mods;
	/** A namespace of its own, not the one of the image's updater. */
	store: Store;
	/** What mods of this product are called: `sw_title`. */
	title: string;
	/** Why this boot happened. */
	resetReason: ResetReason;
	/** Restarts at once. */
	restart(): void;
	/**
	 * Staging spends the image that could be gone back to: it lies in the same slot. `keep`: no mod is taken while there is one. Default `spend`.
	 */
	rollback?: "spend" | "keep" | undefined;
}

const Alignment = 16; // esp_partition_read with flash encryption
const Stage = "stage";
const trials: readonly (Phase | undefined)[] = Object.freeze(["copied", "trial"] as const);
const runs: readonly Phase[] = Object.freeze(["copied", "trial", "confirmed"] as const);

/**
 * Make one before anything of a mod runs, in a module that is imported first: a mod that is to go is taken away here, by a restart.
 * Every failure of flash comes as it is, but for the constructor, which does not throw.
 */
export class ModSlots implements Slots {
	readonly #options: ModSlotsOptions;
	#record: ModRecord | undefined;

	constructor(options: ModSlotsOptions) {
		this.#options = options;
		attempt(() => this.boot());
	}

	/** What is to be copied, or undefined; never while a mod is mapped: its code would be written over as it runs. */
	get staged(): ModRecord | undefined {
		return this.#record?.phase === "staged" && !this.#options.mods.mapped ? this.#record : undefined;
	}

	/** What runs; version `none` without a mod, `unknown` with one that came by USB. */
	get current(): Current {
		const { title, mods } = this.#options;
		const record = this.#record;
		if (!mods.mapped) return { title, version: "none" };
		return record && runs.includes(record.phase) ? record : { title, version: "unknown" };
	}

	/** Why this life of mod and image began. */
	get resetReason(): ResetReason {
		return this.gone?.reset ?? this.#options.resetReason;
	}

	/** Why no mod may be staged now, or undefined. Throws what the image's slots throw. */
	get hold(): string | undefined {
		const { slots, rollback } = this.#options;
		if (slots.running.state === "PENDING_VERIFY") return "a firmware on trial"; // whose way back lies in that slot
		const isSpent = rollback !== "keep" || slots.next.state !== "VALID";
		return isSpent ? undefined : "a firmware to go back to";
	}

	/** The partition `xs`; PENDING_VERIFY while a mod is on trial there. */
	get running(): Slot {
		const { mapped, size } = this.#options.mods;
		const isOnTrial = mapped && trials.includes(this.#record?.phase);
		return { label: "xs", size, state: isOnTrial ? "PENDING_VERIFY" : "VALID" };
	}

	/** Where a mod is staged; ABORTED after one that was taken away. */
	get next(): Slot {
		return { label: Stage, size: this.#options.mods.size, state: this.gone ? "ABORTED" : "UNDEFINED" };
	}

	/** As of the image's slots. */
	get blockSize(): number {
		return this.#options.slots.blockSize;
	}

	/** First byte of a mod. */
	get magic(): number {
		return this.#options.mods.magic;
	}

	/** None on hosts whose mods do not say who they are. */
	get identity(): Slots["identity"] {
		return this.#options.mods.identity;
	}

	/** Why XS would not take it, or undefined. */
	refuse(head: Uint8Array<ArrayBuffer>, size: number): string | undefined {
		return this.#options.mods.refuse?.(head, size);
	}

	/** Why XS must not be given what the stage holds, or undefined: what it would replace is needed to take it away again. */
	inspect(size: number): string | undefined {
		return this.#options.mods.inspect?.((offset, length) => this.bytes(offset, length), size);
	}

	/** What the passive slot holds is no image any more; why an earlier mod was removed concerns none that comes, be it the same again. */
	begin(): void {
		const record = this.#record;
		if (record?.phase === "removed" && record.checksum)
			attempt(() => this.keep({ ...removed(record), checksum: "" }));
		this.#options.slots.begin();
	}

	/** Of the stage, as the next two. */
	erase(offset: number, length: number): void {
		this.#options.slots.erase(this.base + offset, length);
	}

	/** As `Slots.write`. */
	write(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#options.slots.write(buffer, this.base + offset, length);
	}

	/** As `Slots.read`. */
	read(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#options.slots.read(buffer, this.base + offset, length);
	}

	/**
	 * The mod that the trial record names is to be copied: an image in its slot needs no name to be activated, so that the record, which was
	 * just written, is all that says which mod it is. Throws what the store throws.
	 */
	activate(): void {
		const firmware = readTrial(this.#options.store) as Firmware;
		const { title, version, size, algorithm, checksum } = firmware;
		this.keep({ title, version, size, algorithm, checksum, phase: "staged", boots: 0 });
	}

	/** It is copied: XS takes it at the next boot. Throws what the store throws. */
	copied(): void {
		this.keep({ ...(this.#record as ModRecord), phase: "copied", boots: 0 });
	}

	/** The mod that runs is kept. Throws what the store throws. */
	confirm(): void {
		this.keep({ ...(this.#record as ModRecord), phase: "confirmed", boots: 0 });
	}

	/** It has lived long enough: crashes so far are forgiven. Throws what the store throws. */
	healthy(): void {
		const record = this.#record;
		if (record?.phase === "confirmed" && record.boots) this.confirm();
	}

	/** The mod that runs is not kept; restarts. Throws what the store throws. */
	revert(): void {
		this.keep(removed(this.#record as ModRecord));
		this.#options.restart();
	}

	/** The mod cannot be installed. Does not throw. */
	giveUp(reason: string): void {
		this.settle(removed(this.#record as ModRecord, reason));
	}

	/**
	 * The mod that was removed, if the trial's record speaks of that one: power may have failed between the record of the next trial
	 * and that of the next mod, and what became of this one must not be told of that one.
	 */
	private get gone(): ModRecord | undefined {
		const record = this.#record;
		if (record?.phase !== "removed") return undefined;
		const trial = attempt(() => readTrial(this.#options.store));
		return trial && keyOf(trial) === keyOf(record) ? record : undefined;
	}

	/** The tail of the image's passive slot. */
	private get base(): number {
		const { slots, mods } = this.#options;
		return slots.next.size - mods.size;
	}

	/** A store that cannot be read keeps nothing either: what it holds must not be written over by what is not known. */
	private boot(): void {
		const { store, mods, title, resetReason } = this.#options;
		const stored = attempt(() => ({ record: readMod(store) }));
		const record = stored?.record ?? (mods.mapped ? foreign(title) : undefined);
		if (!record) return;
		const next = booted(record, mods.mapped, resetReason);
		this.#record = next;
		const isKept = next === record || (stored !== undefined && this.settle(next));
		if (mods.mapped) this.sift(isKept);
	}

	/**
	 * A mod is mapped: may it run? Not when it is to go, and not when its trial or its crash cannot be noted: then no boot would know
	 * that it was one too many.
	 */
	private sift(isKept: boolean): void {
		const { phase } = this.#record as ModRecord;
		if (!isKept && runs.includes(phase)) this.giveUp("store: expected to note this boot, could not");
		if (!isKept || !runs.includes(phase)) this.clear(isKept && phase === "staged");
	}

	/** None of the mod's code has run yet in this life, so that its partition may be written. `isPatient`: a boot more may help. */
	private clear(isPatient: boolean): void {
		const { restart } = this.#options;
		const error = spoil(this.#options.mods);
		if (error === undefined || isPatient) restart();
		else if (this.#record?.phase === "staged") this.giveUp(`clear: ${error}`);
	}

	/** Of the stage, in the pieces that flash gives with encryption. */
	private bytes(offset: number, length: number): Uint8Array {
		const begin = offset - (offset % Alignment);
		const end = Math.ceil((offset + length) / Alignment) * Alignment;
		const buffer = new ArrayBuffer(end - begin);
		this.read(buffer, begin, end - begin);
		return new Uint8Array(buffer, offset - begin, length);
	}

	private keep(record: ModRecord): ModRecord {
		writeMod(this.#options.store, record);
		this.#record = record;
		return record;
	}

	/** False: the store has failed; it forgets the record with the power, and the next boot decides again. */
	private settle(record: ModRecord): boolean {
		this.#record = record;
		const { reason, phase } = record;
		if (phase === "removed" && reason !== undefined) attempt(() => this.blame(record, reason));
		return attempt(() => this.keep(record)) !== undefined;
	}

	/** The trial's record carries the reason to where it is told; a mod that was confirmed has none any more. */
	private blame(record: ModRecord, reason: string): void {
		const { title, version, size, algorithm, checksum } = record;
		const { store } = this.#options;
		const { tally } = readTrial(store) ?? {};
		const last = { title, version, size, algorithm, checksum, slot: Stage, trials: Trials };
		writeTrial(store, { ...last, ...(tally && { tally }), reason });
	}
}
