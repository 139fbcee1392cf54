// One packet as a line, which opens to show everything.
import { h } from "./dom.ts";
import type { Packet } from "./feed.ts";
import { bytes, exactTime } from "./format.ts";
import type { Page } from "./page.ts";

const arrows = { in: "→", out: "←", open: "●", close: "○" };
const spoken = {
	in: "from the device",
	out: "to the device",
	open: "connection opened",
	close: "connection closed",
};

/** Without the part that nearly every topic begins with. The line, once open, has all of it. */
const brief = (topic: string): string => topic.replace(/^v1\/devices\/me\//, "…/");

/** The line of a packet. Another device than the one looked at is named. */
export function packetLine(packet: Packet, page: Page): HTMLElement {
	const { direction, topic, text, hex, detail, at } = packet;
	const what = packet.packet || (direction === "open" ? "opened" : "closed");
	const summary = h("summary", {}, h("time", {}, exactTime(at).slice(3)));
	summary.append(
		h("span", { class: "arrow", role: "img", "aria-label": spoken[direction] }, arrows[direction]),
	);
	summary.append(h("span", { class: "packet" }, what), h("span", { class: "topic" }, brief(topic ?? "")));
	summary.append(h("span", { class: "text" }, text ?? (hex ? `${packet.payload} bytes` : (detail ?? ""))));
	if (packet.deviceId !== page.device.value?.id && packet.device)
		summary.append(h("span", { class: "hint" }, packet.device));
	const details = h("details", {}, summary);
	details.addEventListener("toggle", () => details.open && details.append(everything(packet)), {
		once: true,
	});
	return h("li", { class: `line ${direction}` }, details);
}

/** Made only when a line is opened. */
function everything(packet: Packet): HTMLElement {
	const { id, qos, size, payload, detail, hex, text, connection, device } = packet;
	const facts = [
		`connection ${connection}`,
		device && `device ${device}`,
		size > 0 && `${bytes(size)}`,
		qos !== undefined && `QoS ${qos}`,
		id !== undefined && `id ${id}`,
		detail,
		payload !== undefined && `payload ${payload} bytes`,
	].filter(Boolean);
	const body = text ? pretty(text) : hex?.replace(/(..)/g, "$1 ");
	const topic = packet.topic && h("p", { class: "mono" }, packet.topic);
	return h(
		"div",
		{ class: "everything" },
		topic,
		h("p", { class: "hint" }, facts.join(" · ")),
		body && h("pre", {}, body),
	);
}

function pretty(text: string): string {
	try {
		return JSON.stringify(JSON.parse(text), null, 2);
	} catch {
		return text;
	}
}
