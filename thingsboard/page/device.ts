// Above the tabs: which device this is, whether it is connected, and the update that is under way.
import { button, fill, h } from "./dom.ts";
import { act, type Page } from "./page.ts";
import { strip } from "./update-view.ts";
import type { Updates } from "./updates.ts";

/** The head of the device's part of the page. */
export function deviceHead(page: Page, updates: Updates): HTMLElement {
	const name = h("h1", {});
	const state = h("span", { class: "badge", role: "status" });
	const type = h("span", { class: "hint" });
	const copy = button("Copy token", () => act(page, "Copy token", () => copyToken(page)));
	const remove = button("Delete", () => askToDelete(page), { class: "quiet" });
	page.device.watch((line) => {
		if (!line) return;
		fill(name, line.name);
		fill(state, line.connected ? "online" : "offline");
		state.classList.toggle("good", line.connected);
		fill(type, line.type);
		document.title = `${line.name} · ThingsBoard stand-in`;
	});
	const title = h("div", { class: "title" }, name, state, type);
	const row = h("div", { class: "head-row" }, title, h("div", { class: "actions" }, copy, remove));
	return h("div", { class: "device-head" }, row, strip(updates));
}

interface Credentials {
	credentialsType: string;
	credentialsId: string;
	credentialsValue: string | null;
}

async function copyToken({ api, device, say }: Page): Promise<void> {
	const credentials = await api.send<Credentials>("GET", `/api/device/${device.value?.id}/credentials`);
	const { credentialsType: type, credentialsId, credentialsValue } = credentials;
	await navigator.clipboard.writeText(
		type === "ACCESS_TOKEN" ? credentialsId : (credentialsValue ?? credentialsId),
	);
	say(`In the clipboard: ${type === "ACCESS_TOKEN" ? "the access token" : `its credentials, ${type}`}.`);
}

function askToDelete(page: Page): void {
	const line = page.device.value;
	if (!line) return;
	const form = h("form", { class: "stack", method: "dialog" });
	const cancel = button("Cancel", () => dialog.close());
	const actions = h("div", { class: "actions" }, cancel, h("button", { class: "danger" }, "Delete"));
	const text = "Its data goes too, and its connection is closed.";
	form.append(h("h2", {}, `Delete ${line.name}?`), h("p", { class: "hint" }, text), actions);
	const dialog = h("dialog", { "aria-label": "Delete device", onclose: () => dialog.remove() }, form);
	form.addEventListener("submit", () =>
		act(page, "Delete", () => page.api.send("DELETE", `/api/device/${line.id}`)),
	);
	document.body.append(dialog);
	dialog.showModal();
}
