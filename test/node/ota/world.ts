// An updater and everything around it that may go wrong; after each step its requests and the bytes in flash are looked at.
import { ok } from "node:assert";
import type Updater from "ota";
import { firmwareNames } from "ota/firmware";
import { clock } from "../../fakes/clock.ts";
import type { Request } from "../../fakes/server.ts";
import { imageOf, packageOf, Rig } from "../../modules/ota/rig.ts";
import { acts } from "./acts.ts";
import { type Kind, Ledger } from "./ledger.ts";
import type { Name, Schedule, Step } from "./schedule.ts";

type Image = Uint8Array<ArrayBuffer>;

const BufferSize = 2048; // bytes that are here and not yet in flash
const SealedBlock = 65_536;
const Foreign = 1_000_000;
/** No byte of it belongs into an image. */
const junkOf = (length: number): Image => Uint8Array.from({ length }, (_, index) => 0x66 ^ (index * 29));

export class World {
	readonly rig: Rig;
	readonly #images: Readonly<Record<string, Image>>;
	readonly #ledger: Ledger;
	/** Answers that were lost on their way, or overtaken by a new connection. */
	readonly #late: { request: Request; bytes: Image }[] = [];
	readonly #chunkSize: number;
	updater: Updater;
	/** Version of the package that is assigned. */
	assigned: string | undefined;
	/** Names of all steps so far. */
	readonly been = new Set<Name>();
	restarts = 0;
	#answered: Request | undefined;

	constructor({ size, chunkSize, fragment }: Schedule) {
		this.rig = new Rig(size, 131_072);
		this.rig.server.fragment = fragment;
		this.#chunkSize = chunkSize;
		this.#ledger = new Ledger(this.rig.server);
		this.#images = { v2: this.rig.server.image, v3: imageOf(24 + ((7 * size) % 9_000), 3) };
		this.updater = this.#boot();
		this.assign("v2");
		this.#close("connection");
	}

	/** One step, and what must be true after it. */
	act([name, value]: Step): void {
		this.been.add(name);
		const [kind, action] = acts[name];
		action(this, value);
		this.#close(kind);
	}

	get #server() {
		return this.rig.server;
	}

	/** The server deletes what does not apply in a message of its own, before or after the values. */
	assign(version: string, order = 0): void {
		const image = this.#images[version] as Image;
		if (this.updater.state === "UPDATING") return; // too late: the slot is switched
		if (version !== this.assigned) this.#ledger.wants();
		this.assigned = version;
		this.#server.image = image;
		if (order % 3 < 2) this.updater.withdraw(["fw_tag", "fw_url"]);
		this.updater.offer(packageOf(image, version));
		if (order % 3 > 0) this.updater.withdraw(["fw_tag", "fw_url"]);
	}

	takeBack(): void {
		if (this.updater.state === "UPDATING") return;
		this.assigned = undefined;
		this.updater.withdraw(firmwareNames);
	}

	retry(): void {
		if (["IDLE", "FAILED"].includes(this.updater.state)) this.#ledger.wants();
		this.updater.retry();
	}

	/** The answer to a request that waits; it stays on its way when it is to come twice. */
	answer(value: number, isTwice = false): void {
		const { pending } = this.#server;
		const place = value % Math.max(pending.length, 1);
		const request = pending[place];
		if (request) this.#deliver(request);
		if (!isTwice) pending.splice(place, 1);
	}

	lose(value: number): void {
		const { pending } = this.#server;
		const [request] = pending.splice(value % Math.max(pending.length, 1), 1);
		if (request) this.#keep(request);
	}

	late(value: number): void {
		const late = this.#late[value % Math.max(this.#late.length, 1)];
		if (late) this.#deliver(late.request, late.bytes);
	}

	/** Never of the right length: then only the checksum could tell. */
	wrong(length: number): void {
		const [request] = this.#server.pending;
		if (!request) return;
		const isRight = length === this.#bytesOf(request).length;
		this.#server.deliver(this.updater, request, junkOf(isRight ? length + 1 : length));
	}

	foreign(value: number): void {
		const [request] = this.#server.pending;
		if (!request) return;
		const foreign = { ...request, request: request.request + Foreign + value };
		this.#server.deliver(this.updater, foreign, junkOf(this.#bytesOf(request).length));
	}

	/** The connection ends, and another one is made. */
	reconnect(ms: number): void {
		this.#ledger.loses(this.updater.state === "DOWNLOADING" && this.updater.hold === undefined);
		this.updater.disconnected();
		this.#drop();
		this.#server.connect();
		const { boot } = this.rig.slots;
		clock.advance(ms);
		if (this.rig.slots.boot !== boot) throw new Error("expected no switch without a connection");
		this.updater.connected();
	}

	/** The connection ends in the middle of a chunk. */
	breakOff(fragments: number): void {
		const server = this.#server;
		const [request] = server.pending;
		const most = request ? Math.ceil(this.#bytesOf(request).length / server.fragment) - 1 : 0;
		server.fragments = Math.min(fragments, most);
		if (server.fragments) this.#deliver(request as Request);
		server.fragments = Number.POSITIVE_INFINITY;
		this.#close("chunk");
		this.reconnect(fragments);
	}

	/** After it the application asks for its attributes. */
	restart(): void {
		if (this.updater.state === "UPDATING") return;
		this.restarts++;
		const before = this.updater.progress.written;
		this.updater.close();
		if (clock.armed) throw new Error(`expected no timer after close, ${clock.armed} are armed`);
		this.#ledger.loses(false);
		this.#drop();
		this.updater = this.#boot();
		this.#ledger.wants();
		if (this.assigned) this.updater.offer(packageOf(this.#server.image, this.assigned));
		else this.takeBack();
		clock.advance(0); // what flash holds is proved
		const { written } = this.updater.progress;
		if (written < before - (before % SealedBlock))
			throw new Error(`expected to go on below ${before} after a restart, got ${written}`);
	}

	#deliver(request: Request, bytes = this.#bytesOf(request)): void {
		this.#answered = request;
		this.#server.deliver(this.updater, request, bytes);
	}

	#boot(): Updater {
		const updater = this.rig.updater({
			chunkSize: this.#chunkSize,
			random: () => 1_000 * this.restarts,
			onState: (state, { written, error }) => {
				if (error) this.rig.errors.push(error);
				if (state !== "DOWNLOADING") return;
				if (written) this.#ledger.gets(written);
				else this.#ledger.begins(/^OTA_(TIMEOUT|DELIVERY)/.test(this.rig.errors.at(-1) ?? ""));
			},
		});
		updater.connected();
		return updater;
	}

	#drop(): void {
		for (const request of this.#server.pending.splice(0)) this.#keep(request);
	}

	#keep(request: Request): void {
		this.#late.push({ request, bytes: this.#bytesOf(request) });
	}

	#bytesOf({ request, index, size }: Request): Image {
		return this.#server.imageOf(request).slice(index * size, (index + 1) * size);
	}

	#close(kind: Kind): void {
		const { written, size } = this.updater.progress;
		this.#ledger.close(kind, this.updater, this.#answered);
		this.#answered = undefined;
		const flushed = written === size ? written : written - (written % BufferSize);
		const image = this.#images[this.assigned ?? ""]?.subarray(0, flushed);
		const stored = this.rig.slots.bytes.subarray(0, flushed);
		ok(!flushed || (image && !Buffer.compare(image, stored)), "corrupt bytes");
	}
}
