import type { Store, StoreValue } from "../contract.ts";
import { EspError } from "./esperr.ts";
import type { Nvs } from "./nvs.ts";

/** `host/store` of the virtual board: one namespace of its NVS. Every failure is an `EspError`; a cut is a `PowerCut`. */
export class VirtualStore implements Store {
	readonly #nvs: Nvs;
	readonly #namespace: string;
	#open = true;

	/** Opens a namespace; it comes into being with its first value. @param namespace 1…15 bytes */
	constructor(nvs: Nvs, namespace: string) {
		nvs.open(namespace);
		this.#nvs = nvs;
		this.#namespace = namespace;
	}

	get(name: string): StoreValue | undefined {
		this.#check("get", name);
		return this.#nvs.get(this.#namespace, name);
	}

	set(name: string, value: StoreValue): void {
		this.#check("set", name);
		this.#nvs.set(this.#namespace, name, value);
	}

	delete(name: string): void {
		this.#check("delete", name);
		this.#nvs.delete(this.#namespace, name);
	}

	clear(): void {
		this.#check("clear", "*");
		this.#nvs.clear(this.#namespace);
	}

	/** May be called twice. */
	close(): void {
		this.#open = false;
	}

	#check(what: string, name: string): void {
		if (!this.#open)
			throw new EspError(
				"ESP_ERR_NVS_INVALID_HANDLE",
				`store ${what} ${this.#namespace}.${name}: expected an open store, it was closed`,
			);
	}
}
