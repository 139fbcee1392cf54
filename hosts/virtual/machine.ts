/** One life of the guest, from reset to reset: an XS worker, the events it gets and the limits it is held to. */
import { failure } from "./answers.ts";
import { Calls, type Chip } from "./calls.ts";
import { PowerCut } from "./flash.ts";
import { Event } from "./protocol.ts";
import { asReset, Reset } from "./reset.ts";
import { type Meter, Worker, type WorkerOptions } from "./worker.ts";

/** Limits of the hardware and of the manifest's `creation`. */
export interface Limits {
	/** Bytes the guest can be told of at once, as CONFIG_LWIP_TCP_WND_DEFAULT. Default 5744. */
	receiveWindow?: number;
	/** Bytes written and not yet sent, as CONFIG_LWIP_TCP_SND_BUF_DEFAULT. Default 5744. */
	sendBuffer?: number;
	/** Live slots, those of the empty engine left out, that end the machine (16 bytes each on ESP32). Default no limit. */
	heapSlots?: number;
	/** Byte codes per delivery (the watchdog) and process memory. */
	worker?: Omit<WorkerOptions, "onCall">;
}

export interface MachineOptions
	extends Limits,
		Pick<Chip, "clock" | "network" | "slots" | "storage" | "region" | "mods" | "mod" | "boot" | "onTrace"> {
	/** A classic script; see bundle.ts. */
	script: string;
	linkUp: boolean;
	/** The machine ended by itself; it is closed already. At most once, never after `close`, only from `run` and events. */
	onReset(reset: Reset): void;
}

const SlotBytes = 16; // of a slot on ESP32

export class Machine {
	readonly #options: MachineOptions;
	readonly #worker: Worker;
	readonly #calls: Calls;
	readonly #start: number;
	#baseline = 0;
	#busy = false;
	#closed = false;

	/** Starts the engine; nothing runs before `run`. @throws Error when the XS worker is not built */
	constructor(options: MachineOptions) {
		const { receiveWindow = 5744, sendBuffer = 5744, worker, linkUp } = options;
		this.#options = options;
		this.#start = options.clock.now();
		this.#calls = new Calls(
			{
				...options,
				receiveWindow,
				sendBuffer,
				post: (kind, handle, value) => this.#post(kind, handle, value),
				freeMemory: () => this.#freeMemory(),
			},
			linkUp,
		);
		this.#worker = new Worker({ ...worker, onCall: (request) => this.#call(request) });
	}

	/** Runs the script. Whatever is wrong with it arrives at `onReset`. */
	run(): void {
		this.#crank(() => {
			this.#worker.evaluate("0");
			this.#baseline = this.#worker.meter.currentHeapCount;
			this.#worker.evaluate(this.#options.script);
			this.#checkHeap();
		});
	}

	/** What XS counted in the last delivery. */
	get meter(): Meter {
		return this.#worker.meter;
	}

	/** Live slots of the empty engine. */
	get baseline(): number {
		return this.#baseline;
	}

	get closed(): boolean {
		return this.#closed;
	}

	/** Collects garbage; then `meter.currentHeapCount` is live slots. */
	collect(): void {
		this.#post(Event.COLLECT, 0);
	}

	/** Tells the guest's handler something; only programs made for it (specs, benchmarks) have one. */
	send(handle: number, value: number): void {
		this.#post(Event.TOLD, handle, value);
	}

	/** Writes the heap to a file (meter.ts reads it). */
	snapshot(path: string): void {
		this.#crank(() => this.#worker.snapshot(path));
	}

	/** Pulls the network cable or plugs it in. */
	setLink(up: boolean): void {
		this.#calls.setLink(up);
	}

	/** The guest learns the real time, as by SNTP. */
	setClock(): void {
		this.#calls.setClock();
	}

	/** Power off, at once. Nothing reaches the guest or `onReset` any more. Idempotent. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#calls.close();
		this.#worker.close();
	}

	#post(kind: number, handle: number, value = 0): void {
		const event = Buffer.alloc(21);
		event[0] = kind;
		event.writeUInt32BE(handle, 1);
		event.writeDoubleBE(this.#options.clock.now() - this.#start, 5);
		event.writeDoubleBE(value, 13);
		this.#crank(() => {
			this.#worker.deliver(event);
			this.#checkHeap();
		});
	}

	/** The count includes garbage; a collection costs a delivery of its own, so it comes only when the count is over the limit. */
	#checkHeap(): void {
		const { heapSlots } = this.#options;
		if (heapSlots === undefined || this.#used <= heapSlots) return;
		const event = Buffer.alloc(21);
		event[0] = Event.COLLECT;
		event.writeDoubleBE(this.#options.clock.now() - this.#start, 5);
		this.#worker.deliver(event);
		if (this.#used > heapSlots)
			throw new Reset("PANIC", `memory full: expected at most ${heapSlots} slots, ${this.#used} are in use`);
	}

	get #used(): number {
		return this.meter.currentHeapCount - this.#baseline;
	}

	#freeMemory(): number {
		const { heapSlots = Number.NaN } = this.#options;
		return (heapSlots - this.#used) * SlotBytes;
	}

	#crank(action: () => void): void {
		if (this.#closed) return;
		if (this.#busy) throw new Error("board: expected no event inside a delivery, got one");
		this.#busy = true;
		let reset: Reset | undefined;
		try {
			action();
		} catch (error) {
			reset = asReset(error);
		} finally {
			this.#busy = false;
		}
		if (!reset) return;
		this.close();
		this.#options.onReset(reset);
	}

	/** Failures of the chip go back to the guest; a reset or a power cut ends it. */
	#call(request: Buffer): Uint8Array {
		try {
			return Buffer.concat([Buffer.of(0), this.#calls.answer(request)]);
		} catch (error) {
			if (error instanceof Reset || error instanceof PowerCut) throw error;
			return Buffer.concat([Buffer.of(1), Buffer.from(JSON.stringify(failure(error)))]);
		}
	}
}
