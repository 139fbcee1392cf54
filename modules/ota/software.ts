/** ThingsBoard's software packages (`sw_*`) as mods: the updater and the trial of an image under other names, on other flash. */
import type { DigestConstructor, JSONObject, Mods, Store } from "host/contract";
import Updater, { type Chunk, type Progress, type State, sharedNames, type UpdaterOptions } from "ota";
import { attempt } from "ota/attempt";
import type { Current, Firmware } from "ota/firmware";
import type { Inspector } from "ota/inspector";
import { ModCopy } from "ota/mod-copy";
import type { ModRecord } from "ota/mod-record";
import type { ModSlots } from "ota/mod-slots";
import { isOwn, softwareError, softwareTelemetry, toFirmware, toSoftware } from "ota/software-names";
import type { Report } from "ota/telling";
import Trial, { type Proof } from "ota/trial";
import { isBusy } from "ota/turns";
import Timer from "timer";

/** As for an updater of images, with the slots and flash of mods. */
export interface SoftwareOptions
	extends Omit<UpdaterOptions, "current" | "slots" | "onReady" | "withoutRollback"> {
	slots: ModSlots;
	mods: Mods;
	/** The namespace that `slots` has too. */
	store: Store;
	digest: DigestConstructor;
	report: Report;
	/** Milliseconds from boot to the last proof; a life as long forgives a mod that is kept its crashes. Default 300 000. */
	timeout?: number;
	/** Most bytes of a chunk; default 2048: `tbclient/software` gathers them. */
	chunkSize?: number;
	/** Restart when you like. */
	onReady(): void;
}

/** Shared attributes to ask for after every connection, beside those of firmware. */
export const softwareNames: readonly string[] = Object.freeze(sharedNames.map((name) => toSoftware(name)));

const Tries = 3; // copies in one boot
const Chunks = 2048;
const Patience = 300_000; // milliseconds, default of `timeout`
const HighBit = 0x20000000; // of request ids: `tbclient/software` adds 2^30, and all ids must stay below 2^31

/**
 * One per device, beside the updater of its image; of the two only one works at a time (`wait`, made by `ota/turns`). No public method throws.
 */
export class Software {
	readonly #options: SoftwareOptions;
	readonly #report: Report;
	readonly #current: Current;
	readonly #updater: Updater;
	readonly #life: ReturnType<typeof Timer.set>;
	#trial: Trial | undefined;
	#timer: ReturnType<typeof Timer.set> | undefined;
	#tries = Tries;

	constructor(options: SoftwareOptions) {
		const { slots, report, wait, timeout = Patience } = options;
		this.#options = options;
		this.#current = slots.current;
		this.#report = (values, callback) => report(softwareTelemetry(values), callback);
		this.#updater = new Updater({
			chunkSize: Chunks,
			...options,
			current: this.#current,
			report: this.#report,
			onState: (state, progress) => this.enter(state, progress),
			inspect: (firmware) => this.inspect(firmware),
			random: () => (options.random() & ~HighBit) >>> 0,
			wait: () => (slots.staged ? "a copy" : (slots.hold ?? wait?.())),
		});
		this.#life = Timer.set(() => attempt(() => slots.healthy()), timeout);
		if (slots.staged) this.copy();
		else this.judge();
	}

	/** Of the download; docs/ota-states.md has what may follow. */
	get state(): State {
		return this.#updater.state;
	}

	/** It downloads, copies or tries, so that the image's updater must wait; else undefined. For `wait` of that updater, see `ota/turns`. */
	get busy(): string | undefined {
		const { slots } = this.#options;
		return slots.staged || isBusy(this.state, this.#trial?.stage) ? "software" : undefined;
	}

	/** Takes shared attributes, pushed or asked for: `sw_*`, the rules, `ota_retry`; no others are looked at. `deleted`: see `withdraw`. */
	offer(values: JSONObject, deleted: readonly string[] = []): void {
		const entries = Object.entries(values).filter(([name]) => isOwn(name));
		const ours = Object.fromEntries(entries.map(([name, value]) => [toFirmware(name), value]));
		this.#updater.offer(ours, deleted.filter(isOwn).map(toFirmware));
	}

	/** Takes the names of deleted attributes. */
	withdraw(deleted: readonly string[]): void {
		this.offer({}, deleted);
	}

	/** The client is connected; also a proof of service. */
	connected(): void {
		this.#updater.connected();
		this.prove("connected");
	}

	/** The client has lost its connection. */
	disconnected(): void {
		this.#updater.disconnected();
	}

	/** The source refused a request before, and has room again. */
	writable(): void {
		this.#updater.writable();
	}

	/** Takes a fragment of `count` bytes, which `source.read` gives. */
	receive(count: number, chunk: Chunk): void {
		this.#updater.receive(count, chunk);
	}

	/** The server's own words on `v2/fw/error`, which is for software too. */
	sourceError(text: string): void {
		this.#updater.sourceError(text);
	}

	/** Tells one proof of service, which a mod on trial needs as an image does. */
	prove(proof: Proof): void {
		this.#trial?.prove(proof);
	}

	/** The mod's own check failed for good. Means nothing while one is copied: none runs then. */
	fail(reason: string): void {
		this.#trial?.fail(reason);
	}

	/** Tries the package again that was given up. */
	retry(): void {
		this.#updater.retry();
	}

	/** Gives the package up; too late once it is staged. */
	cancel(): void {
		this.#updater.cancel();
	}

	/** Holds everything up until `resume`. */
	pause(): void {
		this.#updater.pause();
	}

	/** Goes on after `pause`. */
	resume(): void {
		this.#updater.resume();
	}

	/** Stops; nothing is called after it. */
	close(): void {
		Timer.clear(this.#life);
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#updater.close();
		this.#trial?.close();
	}

	/** The application's opinion first: of a package that nobody has signed nothing else is looked at. */
	private inspect(firmware: Firmware): Inspector {
		const { slots, inspect } = this.#options;
		const inspector = inspect?.(firmware);
		return {
			write: (bytes) => inspector?.write(bytes),
			close: () => inspector?.close() ?? slots.inspect(firmware.size),
		};
	}

	private enter(state: State, progress: Progress): void {
		const { error } = progress;
		this.#options.onState?.(
			state,
			error === undefined ? progress : { ...progress, error: softwareError(error) },
		);
	}

	/** No mod is mapped: `slots` has taken it away. */
	private copy(): void {
		const { slots, mods, digest, onReady } = this.#options;
		const copy = new ModCopy(slots.staged as ModRecord, slots, mods, digest);
		const step = () => {
			if (!copy.step()) this.soon(step);
			else {
				slots.copied();
				attempt(onReady);
			}
		};
		this.soon(step);
	}

	/** A step, in a turn of its own: flash keeps JavaScript waiting. A failure begins the copy again. */
	private soon(step: () => void): void {
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			try {
				step();
			} catch (error) {
				this.lost(String(error));
			}
		}, 0);
	}

	private lost(reason: string): void {
		if (--this.#tries > 0) this.copy();
		else {
			this.#options.slots.giveUp(reason);
			this.judge();
		}
	}

	private judge(): void {
		const { slots, store, digest, timeout, onReady } = this.#options;
		this.#trial = new Trial({
			...{ current: this.#current, slots, store, digest, onReady, report: this.#report },
			resetReason: slots.resetReason,
			...(timeout !== undefined && { timeout }),
		});
	}
}
