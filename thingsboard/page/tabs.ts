// Tabs after the ARIA authoring practices: one stop of the Tab key, arrows move, Home and End jump.
import { h } from "./dom.ts";
import { tab as place } from "./place.ts";

/** One tab: its name in the address, its title, and what it shows. */
export interface Tab {
	name: string;
	title: string;
	panel: HTMLElement;
}

/** A row of tabs and their panels. */
export function tabs(label: string, entries: Tab[]): HTMLElement {
	const row = h("div", { class: "tabs", role: "tablist", "aria-label": label });
	const shown = entries.map((entry) => ({ ...entry, control: control(entry) }));
	for (const { name, control, panel } of shown) {
		row.append(control);
		panel.id = `panel-${name}`;
		panel.setAttribute("role", "tabpanel");
		panel.setAttribute("aria-labelledby", control.id);
		panel.tabIndex = -1;
	}
	row.addEventListener("keydown", (event) =>
		move(
			event,
			shown.filter(({ control }) => control.offsetParent),
		),
	);
	place.watch((name) => {
		const chosen = shown.find((entry) => entry.name === name) ?? shown[0];
		requestAnimationFrame(() => chosen?.control.scrollIntoView({ block: "nearest", inline: "nearest" }));
		for (const entry of shown) {
			entry.control.setAttribute("aria-selected", String(entry === chosen));
			entry.control.tabIndex = entry === chosen ? 0 : -1;
			entry.panel.hidden = entry !== chosen;
		}
	});
	return h("div", { class: "tabbed" }, row, ...shown.map(({ panel }) => panel));
}

function control({ name, title }: Tab): HTMLButtonElement {
	const props = { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}` };
	return h("button", { ...props, onclick: () => (place.value = name) }, title);
}

function move(event: KeyboardEvent, shown: { name: string; control: HTMLElement }[]): void {
	const at = shown.findIndex(({ control }) => control === document.activeElement);
	const steps: Record<string, number> = {
		ArrowRight: at + 1,
		ArrowLeft: at - 1,
		Home: 0,
		End: shown.length - 1,
	};
	const step = steps[event.key];
	if (step === undefined || at < 0) return;
	const next = shown.at(step % shown.length);
	if (!next) return;
	event.preventDefault();
	place.value = next.name;
	next.control.focus();
}
