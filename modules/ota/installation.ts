/** One package on its way into the target: what is kept of it, its header, its bytes, verification, activation. Knows no states. */
import { attempt, naming } from "ota/attempt";
import { Download } from "ota/download";
import { flashError, OTAError, storeError } from "ota/errors";
import type { Firmware } from "ota/firmware";
import { Head } from "ota/head";
import { checkHead, HeadSize } from "ota/header";
import { Image } from "ota/image";
import { dropKept, type Kept, readKept, writeKept } from "ota/kept";
import type { UpdaterOptions } from "ota/options";
import { Pace } from "ota/pace";
import { dropTrial, writeTrial } from "ota/record";
import type { Chunk } from "ota/source";
import { noTally, type Tally } from "ota/tally";
import Time from "time";
import Timer from "timer";

/** One package's own, beside the options of the updater, which are the same for all. */
export interface Plan {
	firmware: Firmware;
	/** Downloads of this package that came to nothing by its own or flash's fault. */
	spoiled: number;
	/** It begins for the first time in this boot. */
	isFirst: boolean;
	/** Draws a fresh request id. */
	nextRequest(): number;
	/** Bytes came. */
	onProgress(): void;
	/** All bytes are in flash, or it ended with an error. */
	onDone(error?: OTAError): void;
}

const Slice = 32_768; // bytes read back and hashed in one turn
const Boots = 10; // that a block may take: what crashes or browns out under a download must not do so for ever

export class Installation {
	readonly #options: UpdaterOptions;
	readonly #plan: Plan;
	readonly #pace: Pace;
	readonly #tally: Tally;
	#kept: Kept | undefined;
	#image: Image;
	#fetch: Download | undefined;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#connected = false;
	#connections = 0;
	#closed = false;
	#noted = false;
	#began = Time.ticks;

	/**
	 * `chunkSize`: most bytes of a chunk. The slot is about to change, so no trial record may speak of it any more. Throws OTA_STORE,
	 * OTA_ALGORITHM, OTA_FLASH.
	 */
	constructor(options: UpdaterOptions, plan: Plan, chunkSize: number) {
		const { store } = options;
		this.#options = options;
		this.#plan = plan;
		this.#image = this.newImage();
		naming("forget the last trial", storeError, () => dropTrial(store));
		this.#kept = readKept(store, plan.firmware);
		this.#tally = { ...noTally(), ...this.#kept?.tally };
		this.#pace = new Pace(chunkSize);
		if (!this.#kept) dropKept(store);
	}

	/** Bytes in flash or in the one buffer. */
	get written(): number {
		return this.#image.position;
	}

	/** What it has cost, now. */
	get tally(): Tally {
		this.#tally.ms += Math.max(Time.delta(this.#began), 0); // negative after 24 days on hold
		this.#began = Time.ticks;
		return this.#tally;
	}

	/** Goes to work: with what flash holds already, or with the header. */
	begin(): void {
		const kept = this.#kept;
		if (kept?.withdrawn) this.keep(kept.position, kept.proof, kept.boots);
		if (kept && kept.boots >= Boots && this.#plan.isFirst) this.#plan.onDone(interrupted(kept.position));
		else if (kept?.position) this.soon(() => this.recall());
		else this.probe();
	}

	/** Asks for the next byte. */
	connected(): void {
		this.#connected = true;
		if (this.#connections++) this.#tally.resumes++;
		this.#fetch?.connected();
	}

	/** No deadline runs until `connected`. */
	disconnected(): void {
		this.#connected = false;
		this.#fetch?.disconnected();
	}

	/** Asks for nothing until `connected`; costs no try. */
	pause(): void {
		this.#connected = false;
		this.#fetch?.close();
	}

	/** The source has room again. */
	writable(): void {
		this.#fetch?.writable();
	}

	/** Takes a fragment of `count` bytes. */
	receive(count: number, chunk: Chunk): void {
		this.#fetch?.receive(count, chunk);
	}

	/** Compares the digest. Throws OTA_CHECKSUM, OTA_INSPECTION, OTA_FLASH. */
	verify(): void {
		this.#image.verify();
	}

	/**
	 * Makes the slot the boot slot. The record comes first: after the switch a power cut must not leave an image that nobody
	 * knows. Throws OTA_STORE, OTA_FLASH.
	 */
	activate(): void {
		const { slots, store } = this.#options;
		const slot = naming("look at the slot", flashError, () => slots.next.label);
		const record = { ...this.#plan.firmware, slot, trials: 1, tally: this.tally };
		naming("keep the trial record", storeError, () => writeTrial(store, record));
		try {
			slots.activate();
		} catch (error) {
			attempt(() => dropTrial(store));
			throw flashError("activate the slot", error);
		}
		dropKept(store);
	}

	/** Stops the download. Nothing is asked for or called after it. */
	close(): void {
		this.#closed = true;
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
		this.#fetch?.close();
		this.#fetch = undefined;
	}

	private newImage(): Image {
		const { slots: target, digest, inspect } = this.#options;
		const { firmware } = this.#plan;
		const inspector = naming("inspect", flashError, () => inspect?.(firmware));
		const onSealed = (position: number, proof: string) => {
			this.#noted = true; // the record of the begin is older
			this.keep(position, proof);
		};
		return new Image({ firmware, target, digest, inspector, onSealed });
	}

	/** A store that fails keeps what it had. */
	private keep(position: number, proof: string, boots = 0): void {
		attempt(() => this.write(position, proof, boots));
	}

	private write(position: number, proof: string, boots: number): void {
		const { firmware, spoiled } = this.#plan;
		writeKept(this.#options.store, firmware, { position, proof, spoiled, boots, tally: this.tally });
	}

	/** The first bytes of this boot have come. Throws what the store throws. */
	private note(): void {
		const { position = 0, proof = "", boots = 0 } = this.#kept ?? {};
		this.#noted = true;
		this.write(position, proof, boots + (this.#plan.isFirst ? 1 : 0));
	}

	private moved(): void {
		if (!this.#noted) attempt(() => this.note());
		this.#plan.onProgress();
	}

	/** What the slot holds is trusted when its digest is that of the record; otherwise it is fetched again. */
	private recall(): void {
		const { position, proof } = this.#kept as Kept;
		try {
			const end = Math.min(this.#image.position + Slice, position);
			while (this.#image.position < end) this.#image.recall();
			if (end < position) this.soon(() => this.recall());
			else if (this.#image.proof === proof) this.recalled();
			else this.startOver();
		} catch {
			this.startOver();
		}
	}

	private recalled(): void {
		this.#tally.resumes++;
		this.#plan.onProgress();
		this.fetchImage();
	}

	private startOver(): void {
		this.keep(0, "", this.#kept?.boots);
		this.#kept = readKept(this.#options.store, this.#plan.firmware);
		try {
			this.#image = this.newImage();
			this.probe();
		} catch (error) {
			this.#plan.onDone(error as OTAError);
		}
	}

	/** Under a request id and a chunk size of its own, before anything is erased. */
	private probe(): void {
		if (this.#closed) return;
		const size = Math.min(HeadSize, this.#plan.firmware.size);
		const head = new Head(this.#image.buffer.subarray(0, size));
		const onDone = (error?: OTAError) => (error ? this.#plan.onDone(error) : this.probed(head));
		this.start({ sink: head, size, chunkSize: HeadSize, onProgress: () => {}, onDone });
	}

	private probed({ bytes }: Head): void {
		const { firmware, onDone } = this.#plan;
		try {
			checkHead(bytes, firmware, this.#options.slots);
			naming("keep the position", storeError, () => this.note()); // before anything is erased in vain
		} catch (error) {
			onDone(error instanceof OTAError ? error : new OTAError("OTA_IMAGE", `header: ${error}`, error));
			return;
		}
		this.fetchImage();
	}

	private fetchImage(): void {
		if (this.#closed) return; // the application has heard how much was kept, and decided otherwise
		const { firmware, onDone } = this.#plan;
		const onProgress = () => this.moved();
		if (this.#image.position === firmware.size) onDone();
		else this.start({ sink: this.#image, size: firmware.size, onProgress, onDone });
	}

	private start(
		options: Pick<ConstructorParameters<typeof Download>[0], "sink" | "size" | "onProgress" | "onDone"> & {
			chunkSize?: number;
		},
	): void {
		const { source } = this.#options;
		const { nextRequest } = this.#plan;
		this.#fetch = new Download({ source, nextRequest, pace: this.#pace, tally: this.#tally, ...options });
		if (this.#connected) this.#fetch.connected();
	}

	private soon(action: () => void): void {
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			action();
		}, 0);
	}
}

function interrupted(position: number): OTAError {
	const text = `download: expected 64 KiB behind byte ${position} within ${Boots} boots, got less`;
	return new OTAError("OTA_INTERRUPTED", text);
}
