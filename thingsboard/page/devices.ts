// The list of devices, and the form for a new one.
import { button, field, fill, h } from "./dom.ts";
import type { DeviceLine } from "./feed.ts";
import { act, type Page } from "./page.ts";
import { deviceId } from "./place.ts";

/** Devices that are listed at once; a filter finds the others. */
const most = 200;

/** The navigation. It dispatches `chosen` when the person chose a device. */
export function deviceNav(page: Page): HTMLElement {
	const list = h("ul", { class: "device-list" });
	const count = h("span", { class: "count" });
	const filter = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter devices" });
	const head = h("div", { class: "nav-head" }, h("h2", {}, "Devices"), count);
	const fresh = button("New device", () => newDevice(page), { class: "wide-button" });
	const nav = h(
		"nav",
		{ id: "devices", class: "devices", "aria-label": "Devices" },
		head,
		filter,
		list,
		fresh,
	);
	const draw = () => {
		const devices = page.feed.devices.value;
		const online = devices.filter(({ connected }) => connected).length;
		fill(count, `${online} of ${devices.length} online`);
		filter.hidden = devices.length < 8 && !filter.value;
		const wanted = devices.filter(({ name }) => name.toLowerCase().includes(filter.value.toLowerCase()));
		const focused = list.contains(document.activeElement) ? document.activeElement?.id : undefined;
		fill(list, ...wanted.slice(0, most).map((line) => item(page, line, nav)));
		if (wanted.length > most) list.append(h("li", { class: "hint" }, `and ${wanted.length - most} more`));
		if (focused) document.getElementById(focused)?.focus();
	};
	filter.addEventListener("input", draw);
	page.feed.devices.watch(draw);
	page.device.watch(draw);
	return nav;
}

function item({ device }: Page, { id, name, type, connected }: DeviceLine, nav: HTMLElement): HTMLElement {
	const onclick = () => {
		deviceId.value = id;
		nav.dispatchEvent(new Event("chosen"));
	};
	const current = device.value?.id === id && "true";
	const state = connected ? "online" : "offline";
	const dot = h("span", { class: `dot ${state}`, role: "img", "aria-label": state });
	const text = h(
		"span",
		{ class: "who" },
		h("span", { class: "name" }, name),
		h("span", { class: "hint" }, type),
	);
	const props = { type: "button", id: `device-${id}`, "aria-current": current, onclick };
	return h("li", {}, h("button", props, dot, text));
}

function newDevice(page: Page): void {
	const name = h("input", { required: true, maxlength: 255, autocomplete: "off" });
	const token = h("input", { class: "mono", maxlength: 32, autocomplete: "off", spellcheck: "false" });
	const form = h("form", { class: "stack", method: "dialog" });
	const cancel = button("Cancel", () => dialog.close());
	const actions = h("div", { class: "actions" }, cancel, h("button", { class: "primary" }, "Create"));
	const hint = "Empty: the server draws one.";
	form.append(h("h2", {}, "New device"), field("Name", name), field("Access token", token, hint), actions);
	const dialog = h("dialog", { "aria-label": "New device", onclose: () => dialog.remove() }, form);
	form.addEventListener("submit", () =>
		act(page, "New device", async () => {
			const query = token.value ? `?accessToken=${encodeURIComponent(token.value)}` : "";
			const made = await page.api.send<{ id: { id: string } }>("POST", `/api/device${query}`, {
				name: name.value,
			});
			deviceId.value = made.id.id;
			page.say(`${name.value} is there.`);
		}),
	);
	document.body.append(dialog);
	dialog.showModal();
}
