// One key on the page: a card with a chart, or a row of text.
import { Chart } from "./chart.ts";
import { fill, h } from "./dom.ts";
import { age, clockTime } from "./format.ts";
import type { Series } from "./series.ts";

/** What stands for one key. */
export interface Shown {
	element: HTMLElement;
	draw(window: number): void;
	end(): void;
}

/** A number over time. */
export function card(series: Series, window: number): Shown {
	const value = h("output", { class: "value" });
	const when = h("span", { class: "hint" });
	const head = h("div", { class: "card-head" }, h("h3", { class: "key" }, series.key), when);
	const place = h("div", { class: "plot", role: "img" });
	const element = h("article", { class: "card", id: `t-${series.key}` }, head, value, place);
	let hovered: number | undefined;
	const say = () => {
		const { ts, text } = series.at(hovered);
		fill(value, text);
		fill(when, hovered === undefined ? age(ts) : clockTime(ts));
		place.setAttribute("aria-label", `${series.key} over time, latest ${series.latest}`);
	};
	const chart = new Chart(place, series, window, (at) => {
		hovered = at;
		say();
	});
	const draw = (shown: number) => {
		chart.draw(shown);
		say();
	};
	return { element, draw, end: () => chart.destroy() };
}

/** Anything else: what came last. */
export function row(series: Series): Shown {
	const value = h("dd", { class: "mono" });
	const when = h("span", { class: "hint" });
	const element = h("div", { id: `t-${series.key}` }, h("dt", { class: "key" }, series.key), value, when);
	const draw = () => {
		fill(value, series.latest);
		fill(when, age(series.latestTs));
	};
	return { element, draw, end: () => undefined };
}
