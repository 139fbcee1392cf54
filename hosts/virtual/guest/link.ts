/** `host/link` of the virtual board: a wire that the person, or a spec, pulls out and plugs in. */
import type { Link, LinkOptions } from "host/contract";
import { Event, Op } from "../protocol.ts";
import { boot, call, clockValid, register } from "./bridge.ts";

const links = new Set<VirtualLink>();
let handle = 0;
let up = false;
let told = false; // the first state has come

function onEvent(kind: number, value: number): void {
	if (kind === Event.LINK) {
		up = value !== 0;
		told = true;
		for (const link of [...links]) link.changed();
	} else {
		for (const link of [...links]) link.clock();
	}
}

export default class VirtualLink implements Link {
	readonly #options: LinkOptions;
	#up: boolean | undefined;
	#clock = false;

	/** The first `onChanged`, and `onClock` where the time is known already, come with the next event. */
	constructor(options: LinkOptions) {
		this.#options = options;
		links.add(this);
		handle ||= register(onEvent);
		call(Op.Link, handle);
	}

	get up(): boolean {
		return told && up;
	}
	get address(): string | undefined {
		return this.up ? boot.address : undefined;
	}
	get RSSI(): number | undefined {
		return this.up ? boot.RSSI : undefined;
	}
	get clockValid(): boolean {
		return clockValid();
	}

	/** Called by the module. */
	changed(): void {
		if (this.#up === up) return;
		this.#up = up;
		this.#options.onChanged?.call(this, up);
	}
	clock(): void {
		if (this.#clock) return;
		this.#clock = true;
		this.#options.onClock?.call(this);
	}

	close(): void {
		links.delete(this);
	}
}
