import { Budget, overhead } from "./budget.ts";
import type { Value } from "./values.ts";

/** A value and when it was stored, epoch milliseconds. */
export interface Point {
	ts: number;
	value: Value;
}

/** A device's telemetry: points per key in the order of their time. The oldest are forgotten when there are too many. */
export class Series extends Map<string, Point[]> {
	#budget = new Budget(
		() => this.#size(),
		() => this.#forget(),
	);

	/** Stores a point; one of the same moment is replaced. */
	put(key: string, point: Point): void {
		const points = this.get(key);
		if (points) insert(points, point);
		else this.set(key, [point]);
		this.#budget.add((points ? 0 : key.length) + overhead + point.value.text.length);
	}

	#size(): number {
		let size = 0;
		for (const [key, points] of this) {
			size += key.length;
			for (const { value } of points) size += overhead + value.text.length;
		}
		return size;
	}

	/** The older half of every key goes; where each has but one point, the older half of the keys. */
	#forget(): void {
		let gone = 0;
		for (const points of this.values()) gone += points.splice(0, points.length >> 1).length;
		if (gone) return;
		for (const key of [...this.keys()].slice(0, (this.size + 1) >> 1)) this.delete(key);
	}
}

/** Points may come in any order, also a whole history backwards. */
function insert(points: Point[], point: Point): void {
	const at = indexOf(points, point.ts);
	if (points[at]?.ts === point.ts) points[at] = point;
	else points.splice(at, 0, point);
}

/** Where the first point stands that is not older. */
function indexOf(points: Point[], ts: number): number {
	let [from, to] = [0, points.length];
	if ((points.at(-1)?.ts ?? ts) < ts) return to; // nearly always
	while (from < to) {
		const middle = (from + to) >> 1;
		if ((points[middle]?.ts ?? ts) < ts) from = middle + 1;
		else to = middle;
	}
	return from;
}
