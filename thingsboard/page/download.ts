// How far a download is, told by the chunks on the wire. Nothing of the DOM here.

/** What is needed of a packet. */
export interface ChunkPacket {
	at: number;
	direction: string;
	topic?: string;
	text?: string;
	payload?: number;
}

/** Rate is taken over this time, milliseconds. */
const span = 3000;
const topic = /^v2\/(fw|sw)\/(request|response)\/(\d+)\/chunk\/(\d+)$/;

/** One package on its way to a device. */
export class Download {
	/** Bytes up to the end of the furthest chunk that was sent. */
	bytes = 0;
	/** Epoch milliseconds of the first and latest chunk. */
	began = 0;
	latest = 0;
	#kind: string;
	#request = "";
	#chunkSize = 0;
	#chunks: { at: number; bytes: number }[] = [];

	constructor(kind: "fw" | "sw") {
		this.#kind = kind;
	}

	/** Takes any packet; true when it told something new. */
	take({ at, direction, topic: name = "", text = "", payload = 0 }: ChunkPacket): boolean {
		const [, kind, what, request = "", index] = topic.exec(name) ?? [];
		if (kind !== this.#kind || (what === "request") !== (direction === "in")) return false;
		if (request !== this.#request) this.#restart(request);
		if (what === "request") this.#chunkSize = Number.parseInt(text, 10) || 0;
		else if (payload) this.#arrived(at, Number(index), payload);
		else return false;
		return true;
	}

	/** Bytes per second: of the last seconds, or of the whole download once nothing more came at `now`. */
	rate(now: number): number {
		const recent = this.#chunks.filter(({ at }) => at > now - span);
		const from = recent.length > 1 ? recent : this.#chunks;
		const [first, ...rest] = from;
		const last = rest.at(-1);
		if (!first || !last || last.at === first.at) return 0;
		return (1000 * rest.reduce((sum, { bytes }) => sum + bytes, 0)) / (last.at - first.at);
	}

	#arrived(at: number, index: number, payload: number): void {
		const size = Math.max(this.#chunkSize, payload);
		this.bytes = Math.max(this.bytes, index * size + payload);
		this.began ||= at;
		this.latest = at;
		this.#chunks.push({ at, bytes: payload });
		if (this.#chunks.length > 20_000) this.#chunks.shift();
	}

	/** A new request id goes on where the old one stopped when its first chunk is not the first of the package. */
	#restart(request: string): void {
		this.#request = request;
		this.bytes = 0;
		this.#chunks = [];
		this.began = 0;
	}
}
