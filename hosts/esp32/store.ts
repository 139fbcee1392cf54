// NVS through the SDK's `preference`. A value is erased before its successor is written, so a cut in between leaves none.
import type { Store, StoreValue } from "host/contract";
import { checkName, checkValue } from "host/limits";
import Preference from "preference";

/** `host/store` of the chip. Every `set` and `delete` is committed when it returns. */
export default class NVSStore implements Store {
	#namespace: string | undefined;

	constructor(namespace: string) {
		checkName("namespace", namespace);
		this.#namespace = namespace;
	}
	get(name: string): StoreValue | undefined {
		checkName("name", name);
		const value = Preference.get(this.#open(), name);
		return typeof value === "boolean" ? Number(value) : value; // u8, as another program may have written it
	}
	set(name: string, value: StoreValue): void {
		checkName("name", name);
		checkValue(name, value);
		Preference.set(this.#open(), name, value);
	}
	delete(name: string): void {
		checkName("name", name);
		Preference.delete(this.#open(), name);
	}
	close(): void {
		this.#namespace = undefined;
	}
	#open(): string {
		if (this.#namespace === undefined) throw new Error("store: closed");
		return this.#namespace;
	}
}
