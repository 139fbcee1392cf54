// Calls to the device, and what came of them.

import { now } from "./clock.ts";
import { button, field, fill, h, select } from "./dom.ts";
import { typed } from "./exact.ts";
import type { Packet } from "./feed.ts";
import { clockTime } from "./format.ts";
import { follow, type Page } from "./page.ts";

const ways = ["two-way", "one-way", "persistent two-way", "persistent one-way"] as const;
/** Calls that are remembered on the page. */
const most = 50;
/** Statuses after which nothing more happens. */
const final = new Set(["SUCCESSFUL", "TIMEOUT", "EXPIRED", "FAILED", "DELETED"]);

/** The panel of the tab. */
export function rpcPanel(page: Page): HTMLElement {
	const method = h("input", {
		class: "mono",
		required: true,
		value: "ping",
		autocomplete: "off",
		spellcheck: "false",
	});
	const params = h("textarea", { class: "mono", rows: 4, spellcheck: "false" });
	params.value = "{}";
	const way = select(ways);
	const timeout = h("input", { type: "number", min: 5, max: 3600, value: 10 });
	const history = h("ol", { class: "calls", "aria-label": "Calls", "aria-live": "polite" });
	const form = h("form", { class: "stack call-form" }, field("Method", method));
	form.append(field("Parameters", params, "JSON; anything else is sent as text"));
	form.append(h("div", { class: "pair" }, field("Kind", way), field("Timeout, seconds", timeout)));
	form.append(h("button", { class: "primary" }, "Call"));
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		const call = { method: method.value, params: typed(params.value), timeout: timeout.valueAsNumber * 1000 };
		const element = h("li", {});
		history.prepend(element);
		while (history.children.length > most) history.lastElementChild?.remove();
		void place(page, way.value, call, element);
	});
	follow(page, () => () => fill(history));
	return h("section", { class: "panel split" }, form, h("div", {}, h("h2", {}, "Calls"), history));
}

interface Call {
	method: string;
	params: unknown;
	timeout: number;
}

async function place(page: Page, way: string, call: Call, element: HTMLElement): Promise<void> {
	const persistent = way.startsWith("persistent");
	const began = Date.now();
	const outcome = h("span", { class: "outcome" }, "waiting");
	const detail = h("pre", { class: "mono" });
	const text = `${call.method}(${JSON.stringify(call.params)})`;
	const when = h("span", { class: "hint" }, clockTime(began));
	const again = button("Again", () => {
		const next = h("li", {});
		element.parentElement?.prepend(next);
		void place(page, way, call, next);
	});
	again.classList.add("quiet");
	fill(
		element,
		h("div", { class: "call" }, h("code", {}, text), h("span", { class: "hint" }, way), when, outcome, again),
	);
	const id = page.device.value?.id ?? "";
	try {
		const body = persistent ? { ...call, persistent, retries: 3 } : call;
		const answer = await page.api.send(
			`POST`,
			`/api/rpc/${way.endsWith("one-way") ? "oneway" : "twoway"}/${id}`,
			body,
		);
		if (persistent) return watch(page, id, (answer as { rpcId: string }).rpcId, outcome, detail, element);
		tell(outcome, answer === undefined ? "sent" : "answered", `${Date.now() - began} ms`, true);
		if (answer !== undefined) show(detail, element, answer);
	} catch (error) {
		tell(outcome, reason(error as { status?: number; message: string }), "", false);
	}
}

/** 504 and 406 come without a body. */
function reason({ status, message }: { status?: number; message: string }): string {
	if (status === 504) return "no answer in time";
	return status === 406 ? "the answer was no JSON" : message;
}

function tell(outcome: HTMLElement, text: string, after: string, good: boolean): void {
	fill(outcome, text, after && ` after ${after}`);
	outcome.className = `outcome ${good ? "good" : "bad"}`;
}

function show(detail: HTMLElement, element: HTMLElement, value: unknown): void {
	fill(detail, JSON.stringify(value, null, "\t"));
	element.append(detail);
}

/** Reads the status of a persistent call anew whenever the wire shows RPC of its device, and when it expires. */
async function watch(
	page: Page,
	id: string,
	rpcId: string,
	outcome: HTMLElement,
	detail: HTMLElement,
	element: HTMLElement,
): Promise<void> {
	let timer = 0;
	const read = async () => {
		const call = await page.api.send<{ status: string; expirationTime: number; response: unknown }>(
			"GET",
			`/api/rpc/persistent/${rpcId}`,
		);
		fill(outcome, call.status.toLowerCase());
		if (!final.has(call.status)) return call.expirationTime;
		outcome.className = `outcome ${call.status === "SUCCESSFUL" ? "good" : "bad"}`;
		if (call.response) show(detail, element, call.response);
		page.feed.listeners.delete(look);
		clearTimeout(timer);
		return undefined;
	};
	const look = (packets: Packet[]) => {
		const concerns = ({ deviceId, topic, packet }: Packet) =>
			deviceId === id && (topic?.includes("/r") || packet === "PUBACK" || packet === "SUBSCRIBE");
		if (packets.some(concerns)) void read().catch(() => page.feed.listeners.delete(look));
	};
	page.feed.listeners.add(look);
	const expires = await read();
	if (expires)
		timer = setTimeout(() => void read().catch(() => undefined), Math.max(expires - now(), 0) + 500);
}
