// One device for the specs of `ota`: fakes of everything around it.
import { Digest } from "crypt";
import type { JSONObject, ResetReason } from "host/contract";
import Updater, { type UpdaterOptions } from "ota";
import { createChecksum } from "ota/checksum";
import Trial, { type TrialOptions } from "ota/trial";
import { clock } from "../../fakes/clock.ts";
import { FakeServer } from "../../fakes/server.ts";
import { FakeSlots } from "../../fakes/slots.ts";
import { FakeStore } from "../../fakes/store.ts";
import { movesFrom, type Table, trialTable, updaterTable } from "./table.ts";

/** Moves that no table has, since the last look. */
const illegal: string[] = [];

function note(table: Table, from: string, to: string): void {
	if (!movesFrom(table, from).includes(to)) illegal.push(`${from} to ${to}`);
}

/** Throws when a machine has made a move since the last look that its table does not have. */
export function holdMoves(): void {
	const moves = illegal.splice(0);
	if (moves.length) throw new Error(`expected moves of docs/ota-states.md, got ${moves.join(", ")}`);
}

afterEach(holdMoves); // every spec of every file that uses this one

/** To be told of each state of one life of an `Updater`. DOWNLOADING again, with bytes, is progress. */
export function updaterMoves(): (state: string, progress: { written: number }) => void {
	let from = "IDLE";
	return (to, { written }) => {
		if (to !== from || to !== "DOWNLOADING" || !written) note(updaterTable, from, to);
		from = to;
	};
}

/** To be told of each stage of one life of a `Trial`. */
export function trialMoves(): (stage: string) => void {
	let from = "STARTED";
	return (to) => {
		note(trialTable, from, to);
		from = to;
	};
}

type Callback = (error: Error | null) => void;

/** An image with ESP's magic and bytes that depend on the place. */
export function imageOf(size: number, seed = 7): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(size);
	for (let index = 0; index < size; index++) bytes[index] = (index * seed + (index >> 8)) & 0xff;
	bytes[0] = 0xe9;
	return bytes;
}

export function packageOf(image: Uint8Array<ArrayBuffer>, version = "v2", algorithm = "SHA256"): JSONObject {
	const checksum = createChecksum(algorithm, Digest);
	checksum.write(image);
	return {
		fw_title: "app",
		fw_version: version,
		fw_size: image.length,
		fw_checksum_algorithm: algorithm,
		fw_checksum: checksum.digest(),
	};
}

/** A checksum that differs in its last digit only. */
export const lastDigitWrong = (checksum: string): string =>
	checksum.slice(0, -1) + (checksum.endsWith("0") ? "1" : "0");

export class Rig {
	readonly slots: FakeSlots;
	readonly store = new FakeStore();
	readonly server: FakeServer;
	readonly reports: JSONObject[] = [];
	readonly states: string[] = [];
	readonly errors: string[] = [];
	readonly events: string[] = [];
	current = { title: "app", version: "v1" };
	ready = 0;
	/** How reports end: null acknowledges at once, an error drops them, undefined says nothing. */
	outcome: Error | null | undefined = null;

	constructor(size = 10_000, room?: number) {
		clock.reset();
		this.server = new FakeServer(imageOf(size));
		this.slots = new FakeSlots(room);
	}

	readonly report = (values: JSONObject, callback?: Callback): void => {
		this.reports.push(values);
		if (this.outcome !== undefined) callback?.(this.outcome);
	};

	readonly #onState: NonNullable<UpdaterOptions["onState"]> = (state, { error }) => {
		this.states.push(state);
		if (error) this.errors.push(error);
	};

	readonly #onStage: NonNullable<TrialOptions["onStage"]> = (stage, error) => {
		this.events.push(stage);
		if (error) this.errors.push(error);
	};

	updater(options: Partial<UpdaterOptions> = {}): Updater {
		const { current, slots, store, server: source, report } = this;
		const moves = updaterMoves();
		this.server.connect();
		return new Updater({
			...{ current, slots, store, source, report, digest: Digest, random: () => 123 },
			onReady: () => this.ready++,
			...options,
			onState: (state, progress) => {
				moves(state, progress);
				(options.onState ?? this.#onState)(state, progress);
			},
		});
	}

	trial(options: Partial<TrialOptions> = {}): Trial {
		const { current, slots, store, report } = this;
		const moves = trialMoves();
		return new Trial({
			...{ current, slots, store, report, resetReason: "SW" as ResetReason, digest: Digest },
			onConfirmed: () => this.events.push("confirmed"),
			onRevert: () => this.events.push("revert"),
			onReady: () => this.ready++,
			...options,
			onStage: (stage, error) => {
				moves(stage);
				(options.onStage ?? this.#onStage)(stage, error);
			},
		});
	}

	/** Changes the record of the image on trial. */
	mark(changes: JSONObject): void {
		const record = JSON.parse(String(this.store.values.get("trial"))) as JSONObject;
		this.store.values.set("trial", JSON.stringify({ ...record, ...changes }));
	}

	/** Answers the request for the header, and the one for the first chunk. */
	first(updater: Updater): void {
		this.server.answer(updater);
		this.server.answer(updater);
	}

	/** Answers and passes time until the updater stops asking. */
	serve(updater: Updater, most = 500): void {
		for (let turn = 0; turn < most && updater.state === "DOWNLOADING"; turn++)
			if (!this.server.answer(updater)) clock.advance(5_000);
		clock.advance(10);
	}

	/** An update from the offer to the switch. */
	update(version = "v2"): Updater {
		const updater = this.updater();
		updater.connected();
		updater.offer(packageOf(this.server.image, version));
		this.serve(updater);
		updater.close();
		return updater;
	}

	get stored(): Uint8Array {
		return this.slots.bytes.subarray(0, this.server.image.length);
	}

	get fwStates(): unknown[] {
		return this.reports.filter(({ fw_state }) => fw_state).map(({ fw_state }) => fw_state);
	}
}
