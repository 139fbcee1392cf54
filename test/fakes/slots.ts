// Two application slots with NOR rules: erase before write, bits only fall, 16-byte alignment. Fails at the n-th operation.
import type { ImageState, Slot, SlotError, Slots } from "host/contract";

const BlockSize = 65_536;
const Sector = 4096;

export class FakeSlots implements Slots {
	readonly blockSize = BlockSize;
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly states: [ImageState, ImageState] = ["VALID", "UNDEFINED"];
	/** Index of the running slot and of the slot that boots next. */
	active = 0;
	boot = 0;
	/** Every operation by name, in order; looking at a state is one too. */
	readonly log: string[] = [];
	/** The operation of this number (from 0) throws; -1 never. */
	failAt = -1;
	/** Called before every change. It throws: power has failed; true: it fails in the middle of this one. */
	power: () => boolean = () => false;
	/** Whether `activate` accepts what the inactive slot holds. */
	isImage: (bytes: Uint8Array) => boolean = (bytes) => bytes[0] === 0xe9;
	/** Operations so far. */
	count = 0;

	constructor(size = 3 * BlockSize) {
		this.bytes = new Uint8Array(size).fill(0x55); // an older image
	}

	get running(): Slot {
		return this.#slot(this.active);
	}

	get next(): Slot {
		return this.#slot(1 - this.active);
	}

	begin(): void {
		this.#operate("begin");
		if (this.states[this.active] === "PENDING_VERIFY") throw slotError("ESP_ERR_OTA_ROLLBACK_INVALID_STATE");
		this.#record(1 - this.active, "UNDEFINED");
	}

	erase(offset: number, length: number): void {
		this.#operate(`erase ${offset} ${length}`);
		if (offset % Sector || offset + length > this.bytes.length) throw slotError("ESP_ERR_INVALID_ARG");
		if (length % Sector) throw slotError("ESP_ERR_INVALID_SIZE");
		const isTorn = this.power();
		this.bytes.fill(0xff, offset, offset + (isTorn ? length / 2 : length));
		if (isTorn) throw new Error("power");
	}

	write(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#operate(`write ${offset} ${length}`);
		if (offset % 16 || length % 16 || offset + length > this.bytes.length)
			throw slotError("ESP_ERR_INVALID_SIZE");
		const isTorn = this.power();
		const source = new Uint8Array(buffer, 0, isTorn ? length / 2 : length);
		for (let index = 0; index < source.length; index++) {
			if (this.bytes[offset + index] !== 0xff) throw slotError("ESP_ERR_FLASH_NOT_ERASED");
			this.bytes[offset + index] = source[index] as number;
		}
		if (isTorn) throw new Error("power");
	}

	read(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#operate("read");
		new Uint8Array(buffer).set(this.bytes.subarray(offset, offset + length));
	}

	activate(): void {
		this.#operate("activate");
		if (!this.isImage(this.bytes)) throw slotError("ESP_ERR_OTA_VALIDATE_FAILED");
		this.#record(1 - this.active, "NEW");
		this.boot = 1 - this.active;
	}

	confirm(): void {
		this.#operate("confirm");
		this.#record(this.active, "VALID");
	}

	revert(): void {
		this.#operate("revert");
		this.#record(this.active, "INVALID");
		this.boot = 1 - this.active;
	}

	/** Erased, then written: a cut in between loses the record, and the other slot boots. */
	#record(index: number, state: ImageState): void {
		if (!this.power()) {
			this.states[index] = state;
			return;
		}
		this.states[index] = "UNDEFINED";
		if (index === this.active) this.boot = 1 - index;
		throw new Error("power");
	}

	/** What the boot loader does: the slot to boot runs, a new image is put on trial. */
	restart(): void {
		if (this.states[this.active] === "PENDING_VERIFY") {
			this.states[this.active] = "ABORTED";
			this.boot = 1 - this.active;
		}
		this.active = this.boot;
		if (this.states[this.active] === "NEW") this.states[this.active] = "PENDING_VERIFY";
	}

	#slot(index: number): Slot {
		const { states } = this;
		return {
			label: `ota_${index}`,
			size: this.bytes.length,
			get state() {
				return states[index] as ImageState;
			},
		};
	}

	#operate(name: string): void {
		this.log.push(name);
		if (this.count++ === this.failAt) throw slotError("ESP_ERR_FLASH_OP_FAIL");
	}
}

function slotError(codeName: string): SlotError {
	return Object.assign(new Error(`slots: ${codeName}`), { code: 0x6001, codeName });
}
