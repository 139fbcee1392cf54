// The two application slots as files. An image is a mod archive (.xsa) that replaces the application's modules.

import { File } from "file";
import { archiveLength } from "host/archive";
import boot from "host/boot";
import type { ImageState, Slot, Slots } from "host/contract";
import { namedSlotError } from "host/errors";
import { readJSON, statePath, writeJSON } from "host/files";
import { blank, eligible, type Label, noEntry, type Otadata, OtadataFile, other } from "host/otadata";
import system from "host/system";

const Size = 0x1d0000; // as in hosts/esp32/partitions.csv
const Block = 0x10000;
const Page = 4096; // a sector; also the bytes filled at a time: the simulator runs with the ESP32's heap
const Align = 16; // esp_partition_write on an encrypted partition

function fail(action: string, codeName: string, text: string): never {
	throw namedSlotError(action, codeName, text);
}

const load = (): Otadata => (readJSON(OtadataFile) as Otadata | undefined) ?? blank();
const running = boot.slot as Label;
const next = other(running);

class FileSlot implements Slot {
	readonly label: Label;
	readonly size = Size;
	constructor(label: Label) {
		this.label = label;
	}
	get state(): ImageState {
		return load()[this.label].state;
	}
}

class FileSlots implements Slots {
	readonly running: Slot = new FileSlot(running);
	readonly next: Slot = new FileSlot(next);
	readonly blockSize = Block;
	readonly magic = 0; // the archive's length, big-endian: slots are shorter than 16 MiB

	begin(): void {
		const data = load();
		if (data[running].state === "PENDING_VERIFY")
			fail(
				"begin",
				"ESP_ERR_OTA_ROLLBACK_INVALID_STATE",
				`${running} is on trial: expected it to be confirmed first`,
			);
		data[next] = noEntry();
		writeJSON(OtadataFile, data);
	}
	erase(offset: number, length: number): void {
		range("erase", offset, length, Page);
		if (length % Page)
			fail("erase", "ESP_ERR_INVALID_SIZE", `length: expected sectors of ${Page} bytes, got ${length}`);
		access(true, (file) => fill(file, offset, offset + length));
	}
	write(buffer: ArrayBuffer, offset: number, length: number): void {
		range("write", offset, length, Align);
		if (length % Align)
			fail("write", "ESP_ERR_INVALID_SIZE", `length: expected a multiple of ${Align}, got ${length}`);
		const bytes = new Uint8Array(buffer.slice(0, length));
		access(true, (file) => {
			const old = contents(file, offset, length);
			for (let at = 0; at < length; at++) bytes[at] = (bytes[at] ?? 0) & (old[at] ?? 0); // NOR: bits only fall
			file.position = offset;
			file.write(bytes.buffer);
		});
	}
	read(buffer: ArrayBuffer, offset: number, length: number): void {
		range("read", offset, length, 1);
		access(false, (file) => new Uint8Array(buffer).set(contents(file, offset, length)));
	}
	activate(): void {
		try {
			access(false, (file) => archiveLength((offset, length) => contents(file, offset, length), Size));
		} catch (error) {
			fail("activate", "ESP_ERR_OTA_VALIDATE_FAILED", `${next}: ${(error as Error).message}`);
		}
		const data = load();
		data[next] = { sequence: Math.max(data[running].sequence, 1) + 1, state: "NEW" };
		writeJSON(OtadataFile, data);
	}
	confirm(): void {
		const data = load();
		if (data[running].sequence === 0) return; // flashed, not updated: there is nothing to confirm
		data[running].state = "VALID";
		writeJSON(OtadataFile, data);
	}
	revert(): void {
		const data = load();
		// ESP-IDF rolls back to a recorded image only. The one from the factory has no record; ending the trial leads there too.
		if (eligible(data[next])) {
			data[running].state = "INVALID";
			writeJSON(OtadataFile, data);
		} else if (data[running].state !== "PENDING_VERIFY")
			fail(
				"revert",
				"ESP_ERR_OTA_ROLLBACK_FAILED",
				`${next}: expected a bootable record, got ${data[next].state}`,
			);
		system.restart();
	}
}

function range(action: string, offset: number, length: number, align: number): void {
	if (offset < 0 || length < 0 || offset + length > Size)
		fail(action, "ESP_ERR_INVALID_SIZE", `expected a range in 0 to ${Size}, got ${offset} + ${length}`);
	if (offset % align)
		fail(action, "ESP_ERR_INVALID_ARG", `offset: expected a multiple of ${align}, got ${offset}`);
}

/** Opens the inactive slot's file; a new one is erased flash throughout. */
function access(write: boolean, use: (file: File) => void): void {
	const path = statePath(`${next}.xsa`);
	const fresh = !File.exists(path);
	const file = new File(path, write || fresh);
	try {
		if (fresh) fill(file, 0, Size);
		use(file);
	} finally {
		file.close();
	}
}

function contents(file: File, offset: number, length: number): Uint8Array<ArrayBuffer> {
	file.position = offset;
	return new Uint8Array(length ? file.read(ArrayBuffer, length) : new ArrayBuffer(0));
}

function fill(file: File, from: number, end: number): void {
	const erased = new Uint8Array(Page).fill(0xff).buffer;
	file.position = from;
	for (let at = from; at < end; at += Page) file.write(erased);
}

/** `host/slots` of the simulator: files `ota_0.xsa` and `ota_1.xsa`, record `otadata.json`. */
export default new FileSlots() as Slots;
