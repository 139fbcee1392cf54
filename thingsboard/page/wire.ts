// The wire log: one line a packet, newest at the end; a line opens to show everything.
import { button, fill, h } from "./dom.ts";
import type { Packet } from "./feed.ts";
import { bytes, exactTime } from "./format.ts";
import type { Page } from "./page.ts";
import { follow } from "./page.ts";

/** Lines that are kept. */
const most = 1000;
const arrows = { in: "→", out: "←", open: "●", close: "○" };
const spoken = {
	in: "from the device",
	out: "to the device",
	open: "connection opened",
	close: "connection closed",
};

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
	const held = h("span", { class: "hint", role: "status" });
	const log = new Log(page, lines, (packet) => wanted(packet));
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

/** Keeps packets and shows those that pass. */
class Log {
	onCount: (shown: number, all: number) => void = () => undefined;
	#page: Page;
	#lines: HTMLElement;
	#wanted: (packet: Packet) => boolean;
	#packets: Packet[] = [];
	#paused = false;
	#stick = true;
	/** Whose connection it is: what came before the login gets its device by this. */
	#owners = new Map<number, Packet>();

	constructor(page: Page, lines: HTMLElement, wanted: (packet: Packet) => boolean) {
		this.#page = page;
		this.#lines = lines;
		this.#wanted = wanted;
		let top = 0;
		lines.addEventListener("scroll", () => {
			// New lines move the end, never the place: only a person goes up.
			if (lines.scrollTop < top) this.#stick = false;
			if (lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40) this.#stick = true;
			top = lines.scrollTop;
		});
	}

	get paused(): boolean {
		return this.#paused;
	}

	set paused(now: boolean) {
		this.#paused = now;
		if (!now) this.redraw();
	}

	take(packets: Packet[], missed: number): void {
		this.#name(packets);
		this.#packets.push(...packets);
		this.#packets.splice(0, this.#packets.length - most);
		if (this.#paused) return;
		if (missed) this.#lines.append(h("li", { class: "hint" }, `${missed} packets came too fast to show`));
		this.#show(packets.filter(this.#wanted));
	}

	clear(): void {
		this.#packets = [];
		this.redraw();
	}

	redraw(): void {
		fill(this.#lines);
		this.#show(this.#packets.filter(this.#wanted));
	}

	#name(packets: Packet[]): void {
		for (const packet of packets) if (packet.deviceId) this.#owners.set(packet.connection, packet);
		for (const packet of packets) {
			const { deviceId, device } = this.#owners.get(packet.connection) ?? packet;
			Object.assign(packet, { deviceId, device });
			if (packet.direction === "close") this.#owners.delete(packet.connection);
		}
	}

	/** Stays at the end, unless the person has scrolled away from it. */
	#show(packets: Packet[]): void {
		const lines = this.#lines;
		lines.append(...packets.map((packet) => line(packet, this.#page)));
		while (lines.children.length > most) lines.firstElementChild?.remove();
		if (this.#stick) lines.scrollTop = lines.scrollHeight;
		this.onCount(lines.children.length, this.#packets.length);
	}
}

/** Without the part that nearly every topic begins with. The line, once open, has all of it. */
const brief = (topic: string): string => topic.replace(/^v1\/devices\/me\//, "…/");

function line(packet: Packet, page: Page): HTMLElement {
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
