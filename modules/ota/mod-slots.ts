/**
 * A mod's way as `Updater` and `Trial` know it from an image: its slot is the tail of the image's passive slot, and activating it means
 * to copy it into the partition `xs` after a restart, when no mod is mapped there.
 */
import type { Mods, ResetReason, Slot, Slots, Store } from "host/contract";
import { attempt } from "ota/attempt";
import { type Current, type Firmware, keyOf } from "ota/firmware";
import { booted, type ModRecord, readMod, removed, writeMod } from "ota/mod-record";
import { readTrial, writeTrial } from "ota/record";
import { Trials } from "ota/rollback";

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

/** Bytes at the begin of a mod that tell XS that there is one: magic, length, version. */
export const Key = 16;
const Stage = "stage";

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

	/** What is to be copied, or undefined. */
	get staged(): ModRecord | undefined {
		return this.#record?.phase === "staged" ? this.#record : undefined;
	}

	/** What runs; version `none` without a mod, `unknown` with one that came by USB. */
	get current(): Current {
		const { title, mods } = this.#options;
		const record = this.#record;
		if (!mods.mapped) return { title, version: "none" };
		return record && record.phase !== "removed" && !this.staged ? record : { title, version: "unknown" };
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

	get running(): Slot {
		const { mapped, size } = this.#options.mods;
		const isOnTrial = mapped && ["copied", "trial"].includes(String(this.#record?.phase));
		return { label: "xs", size, state: isOnTrial ? "PENDING_VERIFY" : "VALID" };
	}

	get next(): Slot {
		return { label: Stage, size: this.#options.mods.size, state: this.gone ? "ABORTED" : "UNDEFINED" };
	}

	get blockSize(): number {
		return this.#options.slots.blockSize;
	}

	get magic(): number {
		return this.#options.mods.magic;
	}

	get identity(): Slots["identity"] {
		return this.#options.mods.identity;
	}

	/** Why XS would not take it, or undefined. */
	refuse(head: Uint8Array<ArrayBuffer>, size: number): string | undefined {
		return this.#options.mods.refuse?.(head, size);
	}

	/** What the passive slot holds is no image any more; why an earlier mod was removed concerns none that comes, be it the same again. */
	begin(): void {
		const record = this.#record;
		if (record?.phase === "removed" && record.checksum)
			attempt(() => this.keep({ ...removed(record), checksum: "" }));
		this.#options.slots.begin();
	}

	erase(offset: number, length: number): void {
		this.#options.slots.erase(this.base + offset, length);
	}

	write(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#options.slots.write(buffer, this.base + offset, length);
	}

	read(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#options.slots.read(buffer, this.base + offset, length);
	}

	/** The mod that the trial record names is to be copied. Throws what the store throws. */
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

	/** Crashes so far are forgiven. Throws what the store throws. */
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

	private boot(): void {
		const { store, mods, resetReason } = this.#options;
		const record = readMod(store);
		if (!record) return;
		this.#record = record;
		const next = booted(record, mods.mapped, resetReason);
		if (next !== record) this.settle(next);
		if (mods.mapped && ["staged", "removed"].includes(next.phase)) this.clear();
	}

	/** None of the mod's code has run yet in this life, so that its partition may be written. */
	private clear(): void {
		const { mods, restart } = this.#options;
		mods.write(new ArrayBuffer(Key), 0, Key); // no cut can leave half of it valid
		mods.erase(0);
		restart();
	}

	private keep(record: ModRecord): void {
		writeMod(this.#options.store, record);
		this.#record = record;
	}

	/** A store that fails forgets it with the power; the next boot decides again. */
	private settle(record: ModRecord): void {
		this.#record = record;
		const { reason, phase } = record;
		if (phase === "removed" && reason !== undefined) attempt(() => this.blame(record, reason));
		attempt(() => this.keep(record));
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
