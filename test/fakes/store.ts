// A namespace with the limits of NVS on ESP32. Fails at the n-th operation.
import type { Store, StoreValue } from "host/contract";

export class FakeStore implements Store {
	readonly values = new Map<string, StoreValue>();
	/** The operation of this number (from 0) throws; -1 never. */
	failAt = -1;
	/** Called before every change. It throws: power has failed; true: it fails right after this one. */
	power: () => boolean = () => false;
	/** Operations so far. */
	count = 0;

	get(name: string): StoreValue | undefined {
		this.#operate(name);
		return this.values.get(name);
	}

	set(name: string, value: StoreValue): void {
		this.#operate(name);
		const size = typeof value === "string" ? bytes(value) : typeof value === "number" ? 4 : value.byteLength;
		if (size > 1984) throw new Error(`store: ${name}: expected at most 1984 bytes, got ${size}`);
		const isLast = this.power();
		this.values.set(name, value);
		if (isLast) throw new Error("power");
	}

	delete(name: string): void {
		this.#operate(name);
		const isLast = this.power();
		if (!this.values.delete(name)) throw new Error(`store: ${name}: expected an entry, got none`);
		if (isLast) throw new Error("power");
	}

	clear(): void {
		this.#operate("*");
		this.values.clear();
	}

	close(): void {}

	#operate(name: string): void {
		if (name.length < 1 || name.length > 15) throw new Error(`store: expected 1…15 bytes, got ${name}`);
		if (this.count++ === this.failAt) throw new Error("store: ESP_ERR_NVS_NOT_ENOUGH_SPACE");
	}
}

/** Length in UTF-8. */
function bytes(text: string): number {
	let length = 0;
	for (const char of text) {
		const code = char.codePointAt(0) as number;
		length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	}
	return length;
}
