/** `host/store` of the virtual board: NVS in the board's flash. Errors carry `code` and `codeName`. */
import type { Store, StoreValue } from "host/contract";
import { Op } from "../protocol.ts";
import { invoke } from "./bridge.ts";

/** Numbers travel as text, so that NaN and -0 arrive as they are and are refused there. */
type Wire = [type: string, text: string];

export default class VirtualStore implements Store {
	readonly #namespace: string;
	#open = true;

	constructor(namespace: string) {
		invoke(Op.Store, ["open", namespace]);
		this.#namespace = namespace;
	}

	get(name: string): StoreValue | undefined {
		const [wire, bytes] = this.#ask("get", name);
		const [type, text] = wire as Wire;
		if (type === "bytes") return bytes.slice().buffer;
		if (type === "undefined") return undefined;
		return type === "number" ? Number(text) : text;
	}

	set(name: string, value: StoreValue): void {
		const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
		const wire: Wire = bytes ? ["bytes", ""] : [typeof value, String(value)];
		this.#ask("set", name, wire, bytes);
	}

	delete(name: string): void {
		this.#ask("delete", name);
	}

	clear(): void {
		this.#ask("clear", "*");
	}

	close(): void {
		this.#open = false;
	}

	#ask(method: string, name: string, wire?: Wire, bytes?: Uint8Array): [unknown, Uint8Array<ArrayBuffer>] {
		if (!this.#open) throw new Error(`store ${this.#namespace}: expected an open namespace, it is closed`);
		return invoke(Op.Store, [method, this.#namespace, name, wire ?? null], bytes);
	}
}
