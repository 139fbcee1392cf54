import { Budget, overhead } from "./budget.ts";
import type { Point } from "./series.ts";

/** The attributes of one scope. A device may write client attributes without end: the oldest are forgotten when there are too many. */
export class Attributes extends Map<string, Point> {
	#budget = new Budget(
		() => this.#size(),
		() => this.#forget(),
	);

	/** Stores an attribute. */
	put(key: string, point: Point): void {
		this.set(key, point);
		this.#budget.add(sizeOf(key, point));
	}

	#size(): number {
		let size = 0;
		for (const [key, point] of this) size += sizeOf(key, point);
		return size;
	}

	#forget(): void {
		for (const key of [...this.keys()].slice(0, (this.size + 1) >> 1)) this.delete(key);
	}
}

const sizeOf = (key: string, { value }: Point): number => key.length + overhead + value.text.length;
