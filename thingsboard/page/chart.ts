// One key over time: uPlot with as little ink as possible. All charts share one cursor.
import uPlot from "uplot";
import { now } from "./clock.ts";
import { clockTime, short } from "./format.ts";
import type { Series } from "./series.ts";

const height = 132;
const dark = matchMedia("(prefers-color-scheme: dark)");

/** A chart that fills its place. `onHover` gets the point under the cursor, `undefined` when it left. */
export class Chart {
	readonly element: HTMLElement;
	#plot: uPlot;
	#series: Series;
	#window: number;
	#resize: ResizeObserver;
	#repaint = () => this.#plot.redraw(false);

	constructor(
		element: HTMLElement,
		series: Series,
		window: number,
		onHover: (at: number | undefined) => void,
	) {
		this.element = element;
		this.#series = series;
		this.#window = window;
		this.#plot = new uPlot(this.#options(onHover), series.data, element);
		this.#resize = new ResizeObserver(([entry]) => {
			const width = Math.floor(entry?.contentRect.width ?? 0);
			if (width) this.#plot.setSize({ width, height });
		});
		this.#resize.observe(element);
		dark.addEventListener("change", this.#repaint);
	}

	/** Paints what the series holds now, up to this moment. `window`: milliseconds that are shown. */
	draw(window: number): void {
		this.#window = window;
		this.#plot.setData(this.#series.data);
	}

	destroy(): void {
		dark.removeEventListener("change", this.#repaint);
		this.#resize.disconnect();
		this.#plot.destroy();
	}

	#options(onHover: (at: number | undefined) => void): uPlot.Options {
		const axis = {
			font: "11px Inter, system-ui, sans-serif",
			stroke: () => colour("--muted"),
			ticks: { show: false },
		};
		return {
			...{ width: 280, height, ms: 1, padding: [8, 8, 0, 0], legend: { show: false } },
			cursor: { sync: { key: "time" }, y: false, drag: { x: false, y: false }, points: { size: 7 } },
			scales: { x: { time: true, range: () => this.#range() }, y: { range: valueRange } },
			series: [
				{},
				{
					stroke: () => colour("--accent"),
					fill: () => colour("--accent-wash"),
					width: 1.75,
					points: { show: this.#few, size: 5, fill: () => colour("--accent"), width: 0 },
				},
			],
			axes: [
				{
					...axis,
					size: 24,
					gap: 4,
					space: (_plot: uPlot, _axis: number, from: number, to: number) => (to - from > 120_000 ? 42 : 66),
					grid: { show: false },
					values: (_, at) => ticks(at),
				},
				{
					...{ ...axis, size: 44, gap: 6, space: 22, values: (_: uPlot, at: number[]) => at.map(short) },
					grid: { stroke: () => colour("--line"), width: 1 },
				},
			],
			hooks: { setCursor: [({ cursor }) => onHover(cursor.idx ?? undefined)] },
		};
	}

	#few = (): boolean => this.#series.data[0].length < 40;

	#range(): [number, number] {
		const end = now();
		return [end - this.#window, end];
	}
}

/** Without seconds where every one of them is a whole minute. */
const ticks = (times: number[]): string[] => {
	const whole = times.every((ts) => ts % 60_000 === 0);
	return times.map((ts) => (whole ? clockTime(ts).slice(0, 5) : clockTime(ts)));
};

/** Some air above and below; a level line lies in the middle. */
function valueRange(_plot: uPlot, min: number | null, max: number | null): [number, number] {
	if (min === null || max === null) return [0, 1];
	const air = max > min ? (max - min) * 0.12 : Math.abs(max) * 0.1 || 1;
	return [min - air, max + air];
}

const probe = document.createElement("span");
probe.hidden = true;

/** A custom property as the canvas takes it: `light-dark()` is only resolved in a real property. */
function colour(name: string): string {
	if (!probe.isConnected) document.body.append(probe);
	probe.style.color = `var(${name})`;
	return getComputedStyle(probe).color;
}
