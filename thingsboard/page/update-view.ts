// An update as a line of steps with its progress, and as a slim strip for the head of the page.
import { fill, h } from "./dom.ts";
import { bytes } from "./format.ts";
import type { Update, Updates } from "./updates.ts";

const steps = ["QUEUED", "INITIATED", "DOWNLOADING", "DOWNLOADED", "VERIFIED", "UPDATING", "UPDATED"];
const moving = new Set(["QUEUED", "INITIATED", "DOWNLOADING", "DOWNLOADED", "VERIFIED", "UPDATING"]);

/** Share of the package that was sent, 0 to 100; `undefined` when nothing is known. */
function percent({ size, bytes, state }: Update): number | undefined {
	if (["DOWNLOADED", "VERIFIED", "UPDATING", "UPDATED"].includes(state)) return 100;
	return size && bytes ? Math.min(100, Math.floor((100 * bytes) / size)) : undefined;
}

/** The whole view of one kind of update. */
export function updateView(update: Update): HTMLElement {
	const { state, error, hold, target, current } = update;
	const view = h("div", { class: "update" });
	const facts = h("dl", { class: "facts" });
	facts.append(
		...fact("Runs", current || "not reported"),
		...fact("Is to run", target || "nothing assigned"),
	);
	facts.append(...fact("State", state || "none"), ...fact("Progress", progressText(update)));
	if (hold && state !== "UPDATED") facts.append(...fact("Held", hold));
	view.append(facts);
	if (state) view.append(stepLine(state));
	view.append(bar(update));
	if (error) view.append(h("p", { class: "bad", role: "alert" }, error));
	return view;
}

function fact(name: string, value: string): Node[] {
	return [h("dt", {}, name), h("dd", {}, value)];
}

function progressText(update: Update): string {
	const share = percent(update);
	if (share === undefined || !update.bytes) return "–";
	const rate = update.rate ? ` at ${bytes(Math.round(update.rate))}/s` : "";
	return `${bytes(update.bytes)}${update.size ? ` of ${bytes(update.size)}, ${share} %` : ""}${rate}`;
}

/** FAILED has no place in the line: every step stays open and the last is red. */
function stepLine(state: string): HTMLElement {
	const at = steps.indexOf(state);
	const items = steps.map((name, i) => {
		const done = i < at || state === "UPDATED";
		const props = { class: done ? "done" : i === at ? "now" : "", "aria-current": i === at && "step" };
		return h("li", props, name.toLowerCase());
	});
	if (state === "FAILED") items.push(h("li", { class: "failed", "aria-current": "step" }, "failed"));
	return h("ol", { class: "steps", "aria-label": "State of the update" }, ...items);
}

function bar(update: Update): HTMLElement {
	const share = percent(update);
	const bar = h("progress", { max: 100, value: share ?? 0, "aria-label": "Progress of the download" });
	bar.hidden = share === undefined;
	return bar;
}

/** Shown while an update is under way or failed. */
export function strip({ fw, sw }: Updates): HTMLElement {
	const place = h("div", { class: "strip-place", "aria-live": "off" });
	const draw = () => fill(place, ...[fw.value, sw.value].map(line));
	fw.watch(draw);
	sw.watch(draw);
	return place;
}

function line(update: Update): HTMLElement | undefined {
	const { kind, state, target, error } = update;
	if (!moving.has(state) && state !== "FAILED") return undefined;
	const what = `${kind === "fw" ? "Firmware" : "Software"} ${target}`;
	const text = h("span", {}, what, " ", h("strong", {}, state), error ? `: ${error}` : "");
	const progress = h("span", { class: "hint" }, progressText(update));
	return h("div", { class: state === "FAILED" ? "strip bad" : "strip" }, text, progress, bar(update));
}
