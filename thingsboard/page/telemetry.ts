// Telemetry as it comes: numbers as small charts of one shared time, everything else as rows.
import { now } from "./clock.ts";
import { field, fill, h } from "./dom.ts";
import { act, follow, type Page } from "./page.ts";
import { Series } from "./series.ts";
import { card, row, type Shown } from "./series-view.ts";
import type { Points } from "./socket.ts";

const windows: Record<string, number> = {
	"1 minute": 60_000,
	"5 minutes": 300_000,
	"30 minutes": 1_800_000,
	"3 hours": 10_800_000,
};
/** Most charts and rows: a device that invents keys must not choke the page. */
const most = 60;
/** What an update says of itself is no measurement. */
const ofUpdate = /^(target_|current_)?[fs]w_/;
/** Most points per key that are fetched at the start. */
const history = 2000;

/** The panel of the tab. */
export function telemetryPanel(page: Page): HTMLElement {
	const window = h("select", {});
	for (const [name, ms] of Object.entries(windows)) window.append(h("option", { value: ms }, name));
	window.value = "300000";
	const board = h("div", { class: "cards" });
	const rows = h("dl", { class: "rows" });
	const empty = h("p", { class: "empty" }, "Nothing yet. What the device sends appears here as it comes.");
	const tools = h("div", { class: "tools" }, field("Time shown", window));
	const panel = h("section", { class: "panel" }, tools, empty, board, rows);
	follow(page, ({ id }) => {
		const view = new View(board, rows, empty, () => Number(window.value));
		const again = () => act(page, "History", () => load(page, id, view));
		window.addEventListener("change", again);
		const end = page.socket.subscribe(id, "LATEST_TELEMETRY", (points) => view.take(points));
		void again();
		return () => {
			window.removeEventListener("change", again);
			end();
			view.end();
		};
	});
	return panel;
}

/** What the server has of the time that is shown. */
async function load({ api }: Page, id: string, view: View): Promise<void> {
	const path = `/api/plugins/telemetry/DEVICE/${id}/values/timeseries`;
	const texts = (found: Record<string, { ts: number; value: unknown }[]>): Points =>
		Object.fromEntries(
			Object.entries(found).map(([key, list]) => [key, list.map(({ ts, value }) => [ts, String(value)])]),
		);
	const latest = texts(await api.send("GET", path));
	view.take(latest);
	const end = now();
	const range = `startTs=${end - view.window}&endTs=${end + 60_000}&limit=${history}`;
	for (const key of Object.keys(latest).slice(0, most))
		view.take(texts(await api.send("GET", `${path}?keys=${encodeURIComponent(key)}&${range}`)));
}

/** Charts and rows of one device. */
class View {
	#board: HTMLElement;
	#rows: HTMLElement;
	#empty: HTMLElement;
	#window: () => number;
	#shown = new Map<string, Shown>();
	#series = new Map<string, Series>();
	#tick: number;

	constructor(board: HTMLElement, rows: HTMLElement, empty: HTMLElement, window: () => number) {
		this.#board = board;
		this.#rows = rows;
		this.#empty = empty;
		this.#window = window;
		this.#tick = setInterval(() => this.#draw(), 1000);
		this.#draw();
	}

	/** Milliseconds that are shown. */
	get window(): number {
		return this.#window();
	}

	take(points: Points): void {
		for (const [key, list] of Object.entries(points)) {
			const series = this.#series.get(key) ?? new Series(key);
			if (!this.#series.has(key) && this.#series.size >= most) continue;
			this.#series.set(key, series);
			for (const [ts, text] of [...list].reverse()) series.add(ts, text);
		}
		this.#draw();
	}

	end(): void {
		clearInterval(this.#tick);
		for (const shown of this.#shown.values()) shown.end();
		this.#shown.clear();
		fill(this.#board);
		fill(this.#rows);
	}

	#draw(): void {
		this.#empty.hidden = this.#series.size > 0;
		if (document.hidden || !this.#board.offsetParent) return;
		for (const series of this.#series.values()) {
			const shown = this.#shown.get(series.key) ?? this.#place(series);
			shown.draw(this.window);
		}
	}

	#place(series: Series): Shown {
		const drawn = series.numeric && !ofUpdate.test(series.key);
		const shown = drawn ? card(series, this.window) : row(series);
		this.#shown.set(series.key, shown);
		const place = drawn ? this.#board : this.#rows;
		const after = [...place.children].find(({ id }) => id > shown.element.id);
		place.insertBefore(shown.element, after ?? null);
		return shown;
	}
}
