// Faults on command: one row for each that the server lists, with what is armed at the device looked at.
import { button, fill, h } from "./dom.ts";
import type { Packet } from "./feed.ts";
import { act, follow, type Page } from "./page.ts";
import { tab } from "./place.ts";

/** A row of the server's table of faults. */
interface Fault {
	name: string;
	what: string;
	on: "device" | "server";
	lasts: "now" | "once" | "until cleared";
	/** Absent: a switch. */
	value?: { unit: string; min: number; max: number };
}

interface Answer {
	faults: Fault[];
	armed: Record<string, Record<string, number>>;
}

/** A fault on the page. */
interface Row {
	element: HTMLElement;
	show(armed: number | undefined): void;
}

const pause = 300; // ms between two questions of what is still armed

/** The panel of the tab. */
export function faultsPanel(page: Page): HTMLElement {
	const about =
		"Each happens on command, once or until cleared, and only to the device looked at unless it says so.";
	const lists = { device: list(), server: list() };
	const rows = new Map<string, Row>();
	const read = () => act(page, "Faults", () => draw(page, lists, rows, read));
	watch(page, () => tab.value === "faults" && void read());
	const section = (title: string, items: HTMLElement) => h("section", {}, h("h2", {}, title), items);
	const titles = [section("At this device", lists.device), section("At the server", lists.server)];
	return h("section", { class: "panel stack" }, h("p", { class: "hint" }, about), ...titles);
}

const list = () => h("ul", { class: "faults" });

/** Calls `read` when the tab is opened, another device is looked at, or something went over this one's wire. */
function watch(page: Page, read: () => void): void {
	let timer = 0;
	const soon = () => {
		clearTimeout(timer);
		timer = setTimeout(read, pause);
	};
	tab.watch(read);
	follow(page, ({ id }) => {
		read();
		const packets = (came: Packet[]) => came.some(({ deviceId }) => deviceId === id) && soon();
		page.feed.listeners.add(packets);
		return () => page.feed.listeners.delete(packets);
	});
}

async function draw(
	page: Page,
	lists: Record<Fault["on"], HTMLElement>,
	rows: Map<string, Row>,
	read: () => void,
): Promise<void> {
	const { faults, armed } = await page.api.send<Answer>("GET", "/api/standin/faults");
	for (const fault of faults) {
		const row = rows.get(fault.name) ?? made(page, fault, read);
		if (!rows.has(fault.name)) lists[fault.on].append(row.element);
		rows.set(fault.name, row);
		row.show(armed[page.device.value?.name ?? ""]?.[fault.name]);
	}
}

function made(page: Page, fault: Fault, read: () => void): Row {
	const { name, what, lasts, value } = fault;
	const state = h("span", { class: "armed", role: "status" });
	const head = h("div", {}, h("span", { class: "name mono" }, name), state, h("p", { class: "hint" }, what));
	const input =
		value && h("input", { type: "number", min: value.min, max: value.max, value: Math.max(value.min, 0) });
	const set = (to: unknown) => act(page, name, () => send(page, fault, to).then(read));
	const go = h("button", { "aria-label": `${name}: ${lasts === "now" ? "do it now" : "arm"}` });
	fill(go, lasts === "now" ? "Do it now" : "Arm");
	const clear = button("Clear", () => set(null), { class: "quiet", "aria-label": `${name}: clear` });
	if (input) input.setAttribute("aria-label", `${name}, ${value.unit}`);
	const form = h("form", {}, input, value && h("span", { class: "hint" }, value.unit), clear, go);
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		void set(input ? input.valueAsNumber : true);
	});
	const show = (armed: number | undefined) => {
		fill(state, armed !== undefined && (value ? `armed: ${armed}` : "armed"));
		clear.hidden = armed === undefined;
	};
	return { element: h("li", {}, head, form), show };
}

async function send({ api, device, say }: Page, { name, on, lasts }: Fault, value: unknown): Promise<void> {
	const where = on === "device" ? { device: device.value?.name } : {};
	await api.send("POST", "/api/standin/faults", { ...where, [name]: value });
	if (lasts === "now") say(`${name}: done.`);
}
