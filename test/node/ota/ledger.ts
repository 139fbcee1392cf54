// Keeps account of what an updater asks for: each byte once, and again only what a disturbance may have lost.
import type Updater from "ota";
import type { FakeServer, Request } from "../../fakes/server.ts";

/**
 * What a step may lead to. `nothing`: no request. `chunk`: what the server really sends. `wrong`: one request, which costs a try.
 * `wait`: one with each deadline, which costs a try. `connection`: one, for the next byte. `room`: all that was refused.
 */
export type Kind = "nothing" | "chunk" | "wrong" | "wait" | "connection" | "room";

const Tries = 5; // docs/ota-states.md
const Again = 3; // downloads that a later connection or a later hour may begin
const Header = 512;

export class Ledger {
	readonly #server: FakeServer;
	/** Requests that are in the account. */
	#seen = 0;
	#position = 0;
	/** Bytes below are here, or on their way. */
	#high = 0;
	/** Requests and connections in vain, without a whole chunk in between. */
	#vain = 0;
	/** Positions at which a chunk came ahead of its turn. */
	readonly #gaps = new Set<number>();
	/** Downloads that may begin: asked for, and by themselves. */
	#due = 0;
	#again = 0;
	#isUnwanted = false;
	/** Requests before each download that has begun in this step. */
	#begun: number[] = [];
	/** Positions in this step. */
	#places: number[] = [];
	readonly #ids = new Map<number, number>();
	readonly #connection = { number: 0, delivered: 0, asked: 0 };

	constructor(server: FakeServer) {
		this.#server = server;
	}

	/** Someone wants a download. */
	wants(): void {
		this.#due = 1;
		this.#again = Again;
	}

	/** A download begins; `isLater`: the last one has ended with an error that time may cure. */
	begins(isLater: boolean): void {
		if (this.#due) this.#due = 0;
		else if (!isLater || this.#again-- <= 0) this.#isUnwanted = true; // thrown later: a callback that throws is none
		this.#begun.push(this.#server.asked.length);
	}

	/** A download has got so far in this step, with what flash kept. */
	gets(position: number): void {
		this.#places.push(position);
	}

	/** The connection is lost; when it has brought nothing, a request may be what ended it. */
	loses(isOpen: boolean): void {
		const { delivered, asked } = this.#server;
		const isVain = delivered === this.#connection.delivered && asked.length > this.#connection.asked;
		if (isOpen && isVain) this.#vain++;
		this.#connection.number++;
		Object.assign(this.#connection, { delivered, asked: asked.length });
	}

	/** After each step; `answered` is what a chunk was sent for. */
	close(kind: Kind, { state, progress }: Updater, answered?: Request): void {
		const position = progress.written;
		if (this.#isUnwanted) throw new Error("expected no download, nobody wants one");
		const isMoved = position > this.#position;
		const isInTurn = kind === "chunk" && isMoved;
		if (kind === "chunk" ? !isMoved && this.#isAhead(answered) : kind !== "nothing")
			this.#high = this.#position;
		const repeats = kind === "wait" ? Tries : isInTurn ? 0 : 1;
		const count = this.#enter(repeats, kind === "room" || isInTurn, position);
		if (this.#begun.length) this.#begin();
		else this.#judge(kind, count, isMoved, answered);
		if (isInTurn && answered && position >= this.#endOf(answered)) this.#vain = 0;
		this.#position = position;
		if (this.#vain >= Tries && state === "DOWNLOADING")
			throw new Error(`expected an end after ${Tries} tries in vain, it goes on`);
	}

	/** Not the next one; or it is the header, behind which the image's first byte comes. */
	#isAhead(answered: Request | undefined): boolean {
		if (!answered) return false;
		return answered.index * answered.size > this.#position || this.#isHeader(answered);
	}

	#isHeader({ size }: Request): boolean {
		return this.#position === 0 && size === Header;
	}

	#endOf({ index, size }: Request): number {
		return Math.min((index + 1) * size, this.#server.image.length);
	}

	#begin(): void {
		this.#begun.length = 0;
		this.#position = this.#high = this.#vain = 0;
		this.#gaps.clear();
	}

	/** What was asked for in this step. The chunk of the next byte may be repeated so often, others may come only if `isFlowing`. */
	#enter(repeats: number, isFlowing: boolean, position: number): number {
		const { asked } = this.#server;
		const from = this.#seen;
		let left = repeats;
		for (; this.#seen < asked.length; this.#seen++) {
			if (this.#begun.includes(this.#seen)) {
				this.#position = this.#high = 0;
				left = repeats;
			}
			const { request, index, size } = asked[this.#seen] as Request;
			const start = index * size;
			const isNext = [this.#position, position, ...this.#places].some(
				(byte) => start <= byte && byte < start + size,
			);
			if (!(isNext && left-- > 0) && (start < this.#high || !isFlowing))
				throw new Error(`expected no request for byte ${start} at byte ${position}, got ${size} asked for`);
			this.#hold(request);
			this.#high = Math.max(this.#high, start + size);
		}
		this.#places = [];
		return this.#seen - from;
	}

	/** The server pins a package to an id, and forgets it with the connection. */
	#hold(request: number): void {
		const { number } = this.#connection;
		if ((this.#ids.get(request) ?? number) !== number)
			throw new Error(`expected a fresh request id for a new connection, got ${request}`);
		this.#ids.set(request, number);
	}

	#judge(kind: Kind, count: number, isMoved: boolean, answered: Request | undefined): void {
		if (kind === "nothing" && count) throw new Error(`expected no request, got ${count}`);
		if (kind === "wait" || kind === "wrong") this.#vain += count;
		if (kind !== "chunk" || isMoved) return;
		if (answered && this.#isHeader(answered)) this.#vain = 0;
		else if (count) this.#missing();
	}

	/** A chunk came ahead of its turn: the missing one is asked for again, once. */
	#missing(): void {
		this.#vain++;
		if (this.#gaps.has(this.#position))
			throw new Error(`expected one more request for byte ${this.#position}, got another`);
		this.#gaps.add(this.#position);
	}
}
