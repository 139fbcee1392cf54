// The points of one key, oldest first, as uPlot takes them. Nothing of the DOM here.

/** Most points that are kept; the oldest go first. */
const most = 5000;

export class Series {
	readonly key: string;
	/** The value that came last, as the server has it. */
	latest = "";
	latestTs = 0;
	#times: number[] = [];
	#values: (number | null)[] = [];

	constructor(key: string) {
		this.key = key;
	}

	/** Times in epoch milliseconds, and values. */
	get data(): [number[], (number | null)[]] {
		return [this.#times, this.#values];
	}

	/** True when the latest value is a number: only then there is a line to draw. */
	get numeric(): boolean {
		return numberOf(this.latest) !== null;
	}

	/** Puts a point in its place; one of the same moment is replaced. */
	add(ts: number, text: string): void {
		if (ts >= this.latestTs) {
			this.latest = text;
			this.latestTs = ts;
		}
		let at = this.#times.length;
		while (at > 0 && (this.#times[at - 1] ?? 0) >= ts) at--;
		const same = this.#times[at] === ts;
		this.#times.splice(at, same ? 1 : 0, ts);
		this.#values.splice(at, same ? 1 : 0, numberOf(text));
		if (this.#times.length <= most) return;
		this.#times.shift();
		this.#values.shift();
	}

	/** Point number `index`, or the latest. */
	at(index: number | undefined): { ts: number; text: string } {
		const [ts, value] = [this.#times[index ?? -1], this.#values[index ?? -1]];
		if (ts === undefined || value === undefined || value === null)
			return { ts: this.latestTs, text: this.latest };
		return { ts, text: String(value) };
	}
}

function numberOf(text: string): number | null {
	const value = text.trim() === "" ? Number.NaN : Number(text);
	return Number.isFinite(value) ? value : null;
}
