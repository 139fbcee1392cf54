// Small durable values in `store.json`. NVS's limits hold here too; what NVS types apart, JSON text keeps apart.
import type { Store, StoreValue } from "host/contract";
import { readJSON, writeJSON } from "host/files";
import { checkName, checkValue } from "host/limits";

const File = "store.json";

/** An ArrayBuffer is kept as `{hex}`. */
type Kept = number | string | { hex: string };
type Namespaces = Record<string, Record<string, Kept>>;

const load = (): Namespaces => (readJSON(File) as Namespaces | undefined) ?? {};

function pack(value: StoreValue): Kept {
	if (typeof value !== "object") return value;
	return { hex: [...new Uint8Array(value)].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
}

function unpack(kept: Kept): StoreValue {
	if (typeof kept !== "object") return kept;
	return new Uint8Array((kept.hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))).buffer;
}

/** `host/store` of the simulator. Every `set` and `delete` is on disk when it returns. */
export default class FileStore implements Store {
	#namespace: string | undefined;

	constructor(namespace: string) {
		checkName("namespace", namespace);
		this.#namespace = namespace;
	}
	get(name: string): StoreValue | undefined {
		checkName("name", name);
		const kept = load()[this.#open()]?.[name];
		return kept === undefined ? undefined : unpack(kept);
	}
	set(name: string, value: StoreValue): void {
		checkName("name", name);
		checkValue(name, value);
		const all = load();
		const namespace = this.#open();
		all[namespace] = { ...all[namespace], [name]: pack(value) };
		writeJSON(File, all);
	}
	delete(name: string): void {
		checkName("name", name);
		const all = load();
		const values = all[this.#open()];
		if (values) delete values[name]; // XS 17.7 takes `delete values?.[name]` for a read
		writeJSON(File, all);
	}
	clear(): void {
		const { [this.#open()]: _gone, ...others } = load();
		writeJSON(File, others);
	}
	close(): void {
		this.#namespace = undefined;
	}
	#open(): string {
		if (this.#namespace === undefined) throw new Error("store: closed");
		return this.#namespace;
	}
}
