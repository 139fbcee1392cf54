// The wire log with its filters.
import { button, fill, h } from "./dom.ts";
import type { Packet } from "./feed.ts";
import { PacketLog } from "./packet-log.ts";
import { follow, type Page } from "./page.ts";

/** The log with its filters. */
export function wireLog(page: Page): HTMLElement {
	const lines = h("ol", { class: "lines", tabindex: 0, "aria-label": "Packets, newest last" });
	const filter = h("input", {
		type: "search",
		placeholder: "Filter: topic, packet, text",
		"aria-label": "Filter packets",
	});
	const own = checkbox("This device only", true);
	const pings = checkbox("Pings", false);
	const held = h("span", { class: "hint" });
	const log = new PacketLog(page, lines, (packet) => wanted(packet));
	const wanted = (packet: Packet): boolean =>
		(!own.input.checked || concerns(packet, page)) &&
		(pings.input.checked || !packet.packet.startsWith("PING")) &&
		words(packet).includes(filter.value.toLowerCase());
	const pause = button("Pause", () => {
		log.paused = !log.paused;
		fill(pause, log.paused ? "Go on" : "Pause");
		pause.setAttribute("aria-pressed", String(log.paused));
	});
	log.onCount = (shown, all) => fill(held, shown === all ? `${all}` : `${shown} of ${all}`);
	const clear = button("Clear", () => log.clear(), { class: "quiet" });
	for (const control of [filter, own.input, pings.input])
		control.addEventListener("input", () => log.redraw());
	follow(page, () => {
		log.redraw();
		return () => undefined;
	});
	page.feed.listeners.add((packets, missed) => log.take(packets, missed));
	const title = h("div", { class: "nav-head" }, h("h2", {}, "Wire"), held);
	const tools = h("div", { class: "wire-tools" }, filter, own.label, pings.label, pause, clear);
	return h("div", { class: "wire" }, title, tools, lines);
}

function checkbox(text: string, checked: boolean): { label: HTMLElement; input: HTMLInputElement } {
	const input = h("input", { type: "checkbox", checked });
	return { input, label: h("label", { class: "check" }, input, text) };
}

/** Its own connection, nobody's, or a gateway's message that names it. */
function concerns({ deviceId, topic, text }: Packet, { device }: Page): boolean {
	const { id, name } = device.value ?? {};
	return (
		!deviceId ||
		deviceId === id ||
		(topic?.startsWith("v1/gateway") && text?.includes(JSON.stringify(name))) === true
	);
}

const words = ({ packet, topic = "", text = "", detail = "", device }: Packet): string =>
	`${packet} ${topic} ${text} ${detail} ${device ?? ""}`.toLowerCase();
