// Attributes of the three scopes: client ones to read, shared and server ones to write as well.
import { button, fill, h } from "./dom.ts";
import { typed } from "./exact.ts";
import { age } from "./format.ts";
import { act, follow, type Page } from "./page.ts";

interface Attribute {
	key: string;
	value: unknown;
	lastUpdateTs: number;
}

interface Scope {
	name: string;
	title: string;
	about: string;
	writable: boolean;
}

const scopes: Scope[] = [
	{ name: "SHARED_SCOPE", title: "Shared", about: "Set here, pushed to the device.", writable: true },
	{ name: "CLIENT_SCOPE", title: "Client", about: "Reported by the device.", writable: false },
	{ name: "SERVER_SCOPE", title: "Server", about: "Seen by the server only.", writable: true },
];

/** The panel of the tab. */
export function attributesPanel(page: Page): HTMLElement {
	return h("section", { class: "panel columns" }, ...scopes.map((scope) => section(page, scope)));
}

function section(page: Page, scope: Scope): HTMLElement {
	const list = h("ul", { class: "attributes" });
	const title = h("h2", {}, scope.title, " ", h("small", { class: "hint" }, scope.about));
	const element = h("section", { class: "scope", "aria-label": `${scope.title} attributes` }, title, list);
	let reload = () => Promise.resolve();
	follow(page, ({ id }) => {
		fill(list);
		let wanted = false;
		let busy = false;
		// One request at a time; what changes meanwhile is asked for afterwards.
		reload = async () => {
			wanted = true;
			if (busy) return;
			busy = true;
			while (wanted) {
				wanted = false;
				await act(page, "Attributes", () => draw(page, id, scope, list, () => reload()));
			}
			busy = false;
		};
		return page.socket.subscribe(id, scope.name, () => void reload());
	});
	if (scope.writable) element.append(adder(page, scope, () => reload()));
	return element;
}

const path = (id: string, scope: Scope) => `/api/plugins/telemetry/DEVICE/${id}`.concat(`/${scope.name}`);

async function draw(
	page: Page,
	id: string,
	scope: Scope,
	list: HTMLElement,
	reload: () => void,
): Promise<void> {
	const found = await page.api.send<Attribute[]>(
		"GET",
		`/api/plugins/telemetry/DEVICE/${id}/values/attributes/${scope.name}`,
	);
	if (page.device.value?.id !== id || list.querySelector("form")) return; // somebody is writing: leave it
	found.sort((a, b) => (a.key < b.key ? -1 : 1));
	fill(list, ...found.map((attribute) => row(page, scope, attribute, reload)));
	if (!found.length) list.append(h("li", { class: "hint" }, "None."));
}

function row(
	page: Page,
	scope: Scope,
	{ key, value, lastUpdateTs }: Attribute,
	reload: () => void,
): HTMLElement {
	const text = JSON.stringify(value);
	const shown = h("span", { class: "mono value-text" }, text);
	const item = h("li", {}, h("span", { class: "key" }, key), shown);
	item.append(h("span", { class: "hint" }, age(lastUpdateTs)));
	const edit = () => editor(page, scope, key, text, item, reload);
	const remove = () =>
		act(page, `Delete ${key}`, async () => {
			await page.api.send(
				"DELETE",
				`${path(page.device.value?.id ?? "", scope)}?keys=${encodeURIComponent(key)}`,
			);
			reload();
		});
	const actions = h("span", { class: "row-actions" });
	if (scope.writable) actions.append(button("Edit", edit, { class: "quiet", "aria-label": `Edit ${key}` }));
	actions.append(button("Delete", remove, { class: "quiet", "aria-label": `Delete ${key}` }));
	item.append(actions);
	return item;
}

/** Turns a row into a form; Escape gives up. */
function editor(
	page: Page,
	scope: Scope,
	key: string,
	text: string,
	item: HTMLElement,
	reload: () => void,
): void {
	const value = h("input", {
		class: "mono",
		value: text,
		"aria-label": `Value of ${key}`,
		spellcheck: "false",
	});
	const form = h("form", { class: "inline" }, h("span", { class: "key" }, key), value);
	const done = () => {
		form.remove();
		reload();
	};
	form.append(h("button", { class: "primary" }, "Save"), button("Cancel", done));
	form.addEventListener("keydown", ({ key: pressed }) => pressed === "Escape" && done());
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		void act(page, `Save ${key}`, async () => {
			await save(page, scope, key, value.value);
			done();
		});
	});
	fill(item, form);
	value.focus();
	value.select();
}

function adder(page: Page, scope: Scope, reload: () => void): HTMLElement {
	const key = h("input", {
		class: "mono",
		placeholder: "key",
		"aria-label": `New ${scope.title} key`,
		required: true,
	});
	const hint = "text, number, true or JSON";
	const value = h("input", { class: "mono", placeholder: hint, "aria-label": `New ${scope.title} value` });
	key.spellcheck = value.spellcheck = false;
	const form = h("form", { class: "inline" }, key, value, h("button", {}, "Add"));
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		void act(page, `Add ${key.value}`, async () => {
			await save(page, scope, key.value, value.value);
			form.reset();
			key.focus();
			reload();
		});
	});
	return form;
}

/** JSON is taken as JSON, everything else as text. */
const save = ({ api, device }: Page, scope: Scope, key: string, text: string): Promise<unknown> =>
	api.send("POST", path(device.value?.id ?? "", scope), { [key]: typed(text) });
