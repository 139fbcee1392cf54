// One line at the edge of the page that says what happened; read out by screen readers.
import { h } from "./dom.ts";

const stay = 6000; // ms

/** The place for such lines, and the function that says one. */
export function toasts(): (text: string, bad?: boolean) => void {
	const place = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
	document.body.append(place);
	return (text, bad = false) => {
		const line = h("div", { class: bad ? "toast bad" : "toast" }, text);
		place.append(line);
		setTimeout(() => line.remove(), stay);
	};
}
