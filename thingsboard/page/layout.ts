// The frame of the page: bar, devices, the device's tabs, and the wire log beside them where there is room.
import { attributesPanel } from "./attributes.ts";
import { deviceHead } from "./device.ts";
import { deviceNav } from "./devices.ts";
import { button, fill, h } from "./dom.ts";
import { faultsPanel } from "./faults.ts";
import { firmwarePanel } from "./firmware.ts";
import type { Page } from "./page.ts";
import { tab } from "./place.ts";
import { rpcPanel } from "./rpc.ts";
import { tabs } from "./tabs.ts";
import { telemetryPanel } from "./telemetry.ts";
import { followUpdates } from "./updates.ts";
import { wireLog } from "./wire.ts";

/** From here on the wire log has a column of its own. */
const wide = matchMedia("(min-width: 1200px)");

/** Builds the page. */
export function layout(page: Page): void {
	const updates = followUpdates(page);
	const wire = h("section", { class: "wire-place" });
	const entries = [
		{ name: "telemetry", title: "Telemetry", panel: telemetryPanel(page) },
		{ name: "attributes", title: "Attributes", panel: attributesPanel(page) },
		{ name: "rpc", title: "RPC", panel: rpcPanel(page) },
		{ name: "firmware", title: "Firmware", panel: firmwarePanel(page, updates) },
		{ name: "faults", title: "Faults", panel: faultsPanel(page) },
		{ name: "wire", title: "Wire", panel: wire },
	];
	const nav = deviceNav(page);
	const column = h("aside", { class: "wire-column", "aria-label": "Wire log" });
	const device = h(
		"div",
		{ class: "device" },
		deviceHead(page, updates),
		tabs("Views of the device", entries),
	);
	const main = h("main", { id: "main", tabindex: "-1" }, device, nobody(page, device));
	document.body.prepend(
		h("a", { class: "skip", href: "#main", onclick: (event) => skip(event, main) }, "Skip to the device"),
		bar(page, nav),
		h("div", { class: "frame" }, nav, main, column),
	);
	const log = wireLog(page);
	const settle = () => {
		(wide.matches ? column : wire).append(log);
		document.body.classList.toggle("wide", wide.matches);
		if (wide.matches && tab.value === "wire") tab.value = "telemetry";
	};
	wide.addEventListener("change", settle);
	settle();
}

/** The address holds device and tab, so the link must not change it. */
function skip(event: Event, main: HTMLElement): void {
	event.preventDefault();
	main.focus();
}

function bar({ feed }: Page, nav: HTMLElement): HTMLElement {
	const state = h("span", { class: "live", role: "status" });
	feed.live.watch((live) => {
		state.classList.toggle("on", live);
		fill(state, live ? "live" : "connecting");
	});
	const toggle = button("Devices", () => open(!nav.classList.contains("open")), { class: "nav-toggle" });
	toggle.setAttribute("aria-controls", nav.id);
	const open = (now: boolean) => {
		nav.classList.toggle("open", now);
		toggle.setAttribute("aria-expanded", String(now));
		if (now) nav.querySelector<HTMLElement>("[aria-current]")?.focus();
	};
	open(false);
	nav.addEventListener("keydown", ({ key }) => {
		if (key !== "Escape" || !nav.classList.contains("open")) return;
		open(false);
		toggle.focus();
	});
	nav.addEventListener("chosen", () => open(false));
	const brand = h(
		"span",
		{ class: "brand" },
		h("img", { src: "/page/icon.svg", alt: "" }),
		"ThingsBoard stand-in",
	);
	return h("header", { class: "bar" }, toggle, brand, state);
}

/** What is shown while there is no device at all. */
function nobody({ device }: Page, shown: HTMLElement): HTMLElement {
	const text = "Create one with “New device”, or start a board: npm start.";
	const empty = h("div", { class: "empty" }, h("h1", {}, "No device yet"), h("p", {}, text));
	device.watch((line) => {
		empty.hidden = line !== undefined;
		shown.hidden = line === undefined;
	});
	return empty;
}
