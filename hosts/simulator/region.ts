// A partition of the simulator: a file as large as the chip's, with the rules of NOR flash.
import { File } from "file";
import type { Region } from "host/contract";
import { statePath } from "host/files";

const SectorSize = 4096;

export class FileRegion implements Region {
	readonly size: number;
	readonly #path: string;

	/** `size` in bytes, whole sectors. The file is made when it is first used. */
	constructor(name: string, size: number) {
		this.size = size;
		this.#path = statePath(name);
	}

	erase(offset: number): void {
		this.#access((file) => put(file, offset, erased(SectorSize)));
	}

	write(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#access((file) => {
			const bytes = new Uint8Array(buffer.slice(0, length));
			const old = get(file, offset, length);
			for (let at = 0; at < length; at++) bytes[at] = (bytes[at] ?? 0) & (old[at] ?? 0); // NOR: bits only fall
			put(file, offset, bytes.buffer);
		});
	}

	read(buffer: ArrayBuffer, offset: number, length: number): void {
		this.#access((file) => new Uint8Array(buffer).set(get(file, offset, length)));
	}

	/** A new file is erased flash throughout. */
	#access(use: (file: File) => void): void {
		const fresh = !File.exists(this.#path);
		const file = new File(this.#path, true);
		try {
			for (let at = 0; fresh && at < this.size; at += SectorSize) put(file, at, erased(SectorSize));
			use(file);
		} finally {
			file.close();
		}
	}
}

const erased = (length: number): ArrayBuffer => new Uint8Array(length).fill(0xff).buffer;

function put(file: File, offset: number, bytes: ArrayBuffer): void {
	file.position = offset;
	file.write(bytes);
}

function get(file: File, offset: number, length: number): Uint8Array<ArrayBuffer> {
	file.position = offset;
	return new Uint8Array(length ? file.read(ArrayBuffer, length) : new ArrayBuffer(0));
}
