// NVS by ESP-IDF's own functions. The SDK's `preference` erases a value before it writes the next one, so that a power cut in
// between leaves none, and it drops the error code.
import type { Store, StoreValue } from "host/contract";
import { storeError } from "host/errors";
import { checkName, checkValue, LargestValue } from "host/limits";
import FFI from "mc/ffi";

const ReadWrite = 1; // nvs_open_mode_t NVS_READWRITE
const NotFound = 0x1102; // ESP_ERR_NVS_NOT_FOUND
const TypeMismatch = 0x1103; // ESP_ERR_NVS_TYPE_MISMATCH
// nvs_type_t
const U8 = 0x01; // a boolean of the SDK's `preference`
const I32 = 0x14;
const Text = 0x21;
const Blob = 0x42;

const idf = new FFI();

function typeOf(value: StoreValue): number {
	if (typeof value === "number") return I32;
	return typeof value === "string" ? Text : Blob;
}

/** `host/store` of the chip. What `set`, `delete` and `clear` did is committed when they return; failures are `StoreError`s. */
export default class NVSStore implements Store {
	#handle: number | undefined;

	constructor(namespace: string) {
		checkName("namespace", namespace);
		const handle = new Uint32Array(1);
		this.#check(`open ${namespace}`, idf.nvs_open(namespace, ReadWrite, handle.buffer));
		this.#handle = handle[0];
	}
	get(name: string): StoreValue | undefined {
		checkName("name", name);
		const handle = this.#open();
		const type = this.#type(handle, name);
		if (type === undefined) return undefined;
		if (type === I32 || type === U8) return this.#number(handle, name, type);
		if (type === Text) return String.fromArrayBuffer(this.#bytes(handle, name, Text).slice(0, -1)); // ends with NUL
		if (type === Blob) return this.#bytes(handle, name, Blob);
		throw storeError(`get ${name}`, TypeMismatch, `expected int32, string or blob, got nvs_type_t ${type}`);
	}
	set(name: string, value: StoreValue): void {
		checkName("name", name);
		checkValue(name, value);
		const handle = this.#open();
		const type = this.#type(handle, name);
		// NVS keeps one value for each type of a name, and would give the older one back.
		if (type !== undefined && type !== typeOf(value)) this.#check(name, idf.nvs_erase_key(handle, name));
		this.#check(`set ${name}`, this.#write(handle, name, value));
		this.#check(`set ${name}`, idf.nvs_commit(handle));
	}
	delete(name: string): void {
		checkName("name", name);
		const handle = this.#open();
		const code = idf.nvs_erase_key(handle, name);
		if (code === NotFound) return;
		this.#check(`delete ${name}`, code);
		this.#check(`delete ${name}`, idf.nvs_commit(handle));
	}
	clear(): void {
		const handle = this.#open();
		this.#check("clear", idf.nvs_erase_all(handle));
		this.#check("clear", idf.nvs_commit(handle));
	}
	close(): void {
		if (this.#handle !== undefined) idf.nvs_close(this.#handle);
		this.#handle = undefined;
	}

	#open(): number {
		if (this.#handle === undefined) throw new Error("store: closed");
		return this.#handle;
	}
	#check(action: string, code: number): void {
		if (code !== 0) throw storeError(action, code);
	}
	#type(handle: number, name: string): number | undefined {
		const type = new Uint32Array(1); // an enum of C: an int
		const code = idf.nvs_find_key(handle, name, type.buffer);
		if (code === NotFound) return undefined;
		this.#check(`find ${name}`, code);
		return type[0];
	}
	#number(handle: number, name: string, type: number): number {
		const out = new DataView(new ArrayBuffer(4));
		const read = type === I32 ? idf.nvs_get_i32 : idf.nvs_get_u8;
		this.#check(`get ${name}`, read.call(idf, handle, name, out.buffer));
		return type === I32 ? out.getInt32(0, true) : out.getUint8(0);
	}
	#bytes(handle: number, name: string, type: number): ArrayBuffer {
		const room = new ArrayBuffer(LargestValue + 1);
		const length = new Uint32Array([room.byteLength]);
		const read = type === Text ? idf.nvs_get_str : idf.nvs_get_blob;
		this.#check(`get ${name}`, read.call(idf, handle, name, room, length.buffer));
		return room.slice(0, length[0]);
	}
	#write(handle: number, name: string, value: StoreValue): number {
		if (typeof value === "number") return idf.nvs_set_i32(handle, name, value);
		if (typeof value === "string") return idf.nvs_set_str(handle, name, value);
		return idf.nvs_set_blob(handle, name, value, value.byteLength);
	}
}
