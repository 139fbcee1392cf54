/** One package on its way into the inactive slot: download, verification, activation. Knows no states. */
import type { DigestConstructor, Slots, Store } from "host/contract";
import { attempt, naming } from "ota/attempt";
import { type Chunk, Download, type Source } from "ota/download";
import { flashError, type OTAError, storeError } from "ota/errors";
import type { Firmware } from "ota/firmware";
import { Image } from "ota/image";
import { dropTrial, writeTrial } from "ota/record";

export interface InstallationOptions {
	firmware: Firmware;
	slots: Slots;
	store: Store;
	digest: DigestConstructor;
	source: Source;
	/** Bytes of a chunk. */
	chunkSize: number;
	/** Draws a fresh request id. */
	nextRequest(): number;
	/** Bytes came. */
	onProgress(): void;
	/** All bytes are in flash, or it ended with an error. */
	onDone(error?: OTAError): void;
}

export class Installation {
	readonly #options: InstallationOptions;
	readonly #image: Image;
	readonly #download: Download;

	/** The slot is about to change, so no trial record may speak of it any more. Throws OTA_STORE, OTA_ALGORITHM. */
	constructor(options: InstallationOptions) {
		const { firmware, slots, store, digest } = options;
		naming("forget the last trial", storeError, () => dropTrial(store));
		this.#options = options;
		this.#image = new Image(firmware, slots, digest);
		this.#download = new Download({ ...options, image: this.#image, size: firmware.size });
	}

	/** Bytes in flash or in the one buffer. */
	get written(): number {
		return this.#image.position;
	}

	/** Counters of the download. */
	get stats(): Download["stats"] {
		return this.#download.stats;
	}

	/** Asks for the next byte. Legal while bytes are missing. */
	connected(): void {
		this.#download.connected();
	}

	/** No deadline runs until `connected`. */
	disconnected(): void {
		this.#download.disconnected();
	}

	/** Takes a fragment of `count` bytes. */
	receive(count: number, chunk: Chunk): void {
		this.#download.receive(count, chunk);
	}

	/** Compares the digest. Throws OTA_CHECKSUM, OTA_FLASH. */
	verify(): void {
		this.#image.verify();
	}

	/**
	 * Makes the slot the boot slot. The record comes first: after the switch a power cut must not leave an image that nobody
	 * knows. Throws OTA_STORE, OTA_FLASH.
	 */
	activate(): void {
		const { firmware, slots, store } = this.#options;
		const slot = naming("look at the slot", flashError, () => slots.next.label);
		const record = { ...firmware, slot, trials: 1 };
		naming("keep the trial record", storeError, () => writeTrial(store, record));
		try {
			slots.activate();
		} catch (error) {
			attempt(() => dropTrial(store));
			throw flashError("activate the slot", error);
		}
	}

	/** Stops the download. */
	close(): void {
		this.#download.close();
	}
}
