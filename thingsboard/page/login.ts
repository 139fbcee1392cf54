// Who we are. On this machine the demo tenant is tried first; elsewhere, and when it is refused, the page asks.
import type { Api } from "./api.ts";
import { field, fill, h } from "./dom.ts";

/** The tenant administrator of every fresh ThingsBoard with demo data: no secret. */
const demo = { user: "tenant@thingsboard.org", password: "tenant" };
const local = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);

/** Resolves once logged in. */
export async function logIn(api: Api): Promise<void> {
	if (local && (await attempt(api, demo.user, demo.password)) === undefined) return;
	await ask(api);
}

async function attempt(api: Api, user: string, password: string): Promise<string | undefined> {
	try {
		await api.login(user, password);
		return undefined;
	} catch (error) {
		return (error as Error).message;
	}
}

function ask(api: Api): Promise<void> {
	const user = h("input", { type: "email", autocomplete: "username", required: true, value: demo.user });
	const password = h("input", { type: "password", autocomplete: "current-password", required: true });
	const problem = h("p", { role: "alert", class: "bad" });
	return new Promise((done) => {
		const onsubmit = async (event: Event) => {
			event.preventDefault();
			const refused = await attempt(api, user.value, password.value);
			if (refused) return fill(problem, refused);
			dialog.close();
			dialog.remove();
			done();
		};
		const form = h("form", { class: "stack", onsubmit });
		form.append(h("h2", {}, "Log in"), field("User", user), field("Password", password), problem);
		form.append(h("button", { class: "primary" }, "Log in"));
		const dialog = h("dialog", { "aria-label": "Log in", oncancel: (event) => event.preventDefault() }, form);
		document.body.append(dialog);
		dialog.showModal();
	});
}
