import { type Clock, ServerClock } from "../clock.ts";
import type { Armed } from "../faults/armed.ts";
import { maxWaiting, type Wire } from "./wire.ts";

const ignore = () => undefined;

/** Faults that end a connection after so many bytes. */
type Cut = "dropAfterBytes" | "dropAfterReceived";

/** Between a connection and its wire: where faults cut, slow down or silence the bytes. Without faults bytes pass straight through. */
export class Link {
	/** Armed once the device is known. */
	faults: Armed | undefined;
	onBytes: (bytes: Uint8Array) => void = ignore;
	onGone: () => void = ignore;
	/** `dropAfterBytes` or `dropAfterReceived` has struck (the last bytes are on their way), or too much waits: the connection is to end. */
	onCut: (why: string) => void = ignore;
	#wire: Wire;
	#out: Lane;
	#in: Lane;
	#silent = false;
	/** What is slowed down waits on it, and no longer than the connection lives. */
	#clock: ServerClock;

	constructor(clock: Clock, wire: Wire) {
		this.#wire = wire;
		this.#clock = new ServerClock(clock);
		const full = () => this.#full();
		this.#out = new Lane(this.#clock, (bytes) => wire.write(bytes), full);
		this.#in = new Lane(this.#clock, (bytes) => this.onBytes(bytes), full);
		wire.onBytes = (bytes) => {
			if (!this.#silent) this.#count("dropAfterReceived", bytes, (part) => this.#in.pass(part, this.faults));
		};
		wire.onGone = () => this.onGone();
	}

	/** From now on nothing is read and nothing is sent, and the other side is not told: a half-open connection. */
	silence(): void {
		this.#silent = true;
	}

	write(bytes: Uint8Array): void {
		if (!this.#silent) this.#count("dropAfterBytes", bytes, (part) => this.#out.pass(part, this.faults));
	}

	/** Closes the wire after what is still under way. A half-open one stays. */
	close(): void {
		this.onBytes = this.onGone = this.onCut = ignore;
		if (!this.#silent) this.#out.end(() => this.#end());
	}

	#end(): void {
		this.#wire.close();
		this.#clock.close();
	}

	#full(): void {
		this.#end();
		this.onCut(`more than ${maxWaiting} bytes wait`);
	}

	/** Passes the bytes, or those that an armed cut leaves of them. */
	#count(fault: Cut, bytes: Uint8Array, pass: (bytes: Uint8Array) => void): void {
		const left = this.faults?.get(fault);
		if (left !== 0) pass(left === undefined ? bytes : bytes.subarray(0, left));
		if (left === undefined) return;
		if (bytes.length < left) this.faults?.set(fault, left - bytes.length);
		else {
			this.faults?.clear(fault);
			this.onCut(fault);
		}
	}
}

/** One direction, in order. */
class Lane {
	#clock: Clock;
	#out: (bytes: Uint8Array) => void;
	#full: () => void;
	/** When the last bytes get out, epoch milliseconds. */
	#last = 0;
	#under = 0;
	#waiting = 0;

	/** `full` is called when more than `maxWaiting` bytes are under way. */
	constructor(clock: Clock, out: (bytes: Uint8Array) => void, full: () => void) {
		this.#clock = clock;
		this.#out = out;
		this.#full = full;
	}

	pass(bytes: Uint8Array, faults: Armed | undefined): void {
		if (!this.#under && !faults?.any) this.#out(bytes);
		else this.#slow(bytes, faults?.get("delay") ?? 0, faults?.get("bandwidth") ?? 0);
	}

	/** Runs `action` when what is under way has got out. */
	end(action: () => void): void {
		if (this.#under) this.#clock.after(Math.max(0, this.#last - this.#clock.now()), action);
		else action();
	}

	#slow(bytes: Uint8Array, delay: number, bandwidth: number): void {
		const now = this.#clock.now();
		if (!delay && !bandwidth && !this.#under) {
			this.#out(bytes);
			return;
		}
		const time = bandwidth ? (bytes.length * 1000) / bandwidth : 0;
		this.#last = Math.max(now + delay, this.#last) + time;
		this.#under += 1;
		this.#waiting += bytes.length;
		this.#clock.after(this.#last - now, () => {
			this.#under -= 1;
			this.#waiting -= bytes.length;
			this.#out(bytes);
		});
		if (this.#waiting > maxWaiting) this.#full();
	}
}
