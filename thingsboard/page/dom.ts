// Elements without markup: every text that comes from a device ends in a text node or an attribute, never in HTML.

export type Child = Node | string | number | false | null | undefined;

/** Attributes; `true` sets an empty one, `false` and `undefined` none. `on…` adds a listener, `class` a class list. */
export type Props = Record<string, string | number | boolean | undefined | ((event: Event) => void)>;

/** An element with attributes, listeners and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	props: Props = {},
	...children: Child[]
): HTMLElementTagNameMap[K] {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(props)) {
		if (typeof value === "function") element.addEventListener(name.slice(2), value);
		else if (value === true) element.setAttribute(name, "");
		else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
	}
	append(element, children);
	return element;
}

/** Replaces what an element holds. */
export function fill(element: Element, ...children: Child[]): void {
	element.replaceChildren();
	append(element, children);
}

function append(element: Element, children: Child[]): void {
	for (const child of children)
		if (child !== false && child !== null && child !== undefined)
			element.append(typeof child === "number" ? String(child) : child);
}

let ids = 0;

/** An id that no other element has. */
export const freshId = (): string => `x${++ids}`;

/** A control under its label. */
export function field(label: string, control: HTMLElement, hint?: string): HTMLElement {
	const id = freshId();
	control.id = id;
	const note = hint ? h("small", { id: `${id}-hint`, class: "hint" }, hint) : undefined;
	if (note) control.setAttribute("aria-describedby", note.id);
	return h("div", { class: "field" }, h("label", { for: id }, label), control, note);
}

/** A choice between a few; `change` gets the chosen value. */
export function select(values: readonly string[], chosen = values[0]): HTMLSelectElement {
	return h("select", {}, ...values.map((value) => h("option", { value, selected: value === chosen }, value)));
}

/** A button that is no submit button. */
export function button(text: string, onclick: () => void, props: Props = {}): HTMLButtonElement {
	return h("button", { type: "button", onclick, ...props }, text);
}
