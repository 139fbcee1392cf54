// Packages: upload them, give one to the device, and see how the update goes.
import { button, field, fill, h, select } from "./dom.ts";
import { bytes, clockTime } from "./format.ts";
import { act, follow, type Page } from "./page.ts";
import { tab } from "./place.ts";
import { updateView } from "./update-view.ts";
import type { Kind, Updates } from "./updates.ts";

interface Package {
	id: { id: string };
	title: string;
	version: string;
	type: "FIRMWARE" | "SOFTWARE";
	dataSize: number | null;
	hasData: boolean;
	checksumAlgorithm?: string | null;
	deviceProfileId?: { id: string } | null;
	createdTime: number;
	url?: string | null;
}

const algorithms = ["SHA256", "SHA384", "SHA512", "MD5", "CRC32", "MURMUR3_32", "MURMUR3_128"];
const members = { FIRMWARE: "firmwareId", SOFTWARE: "softwareId" } as const;

/** The panel of the tab. */
export function firmwarePanel(page: Page, updates: Updates): HTMLElement {
	const list = h("ul", { class: "packages" });
	const reload = () => act(page, "Packages", () => draw(page, list, reload));
	follow(page, () => {
		void reload();
		return () => undefined;
	});
	tab.watch((name) => name === "firmware" && page.device.value && void reload());
	for (const cell of [updates.fw, updates.sw]) {
		let known = "";
		cell.watch(({ target, state }) => {
			if (page.device.value && known !== `${target} ${state}`) void reload();
			known = `${target} ${state}`;
		});
	}
	const states = h(
		"div",
		{ class: "stack" },
		state("Firmware", "fw", updates),
		state("Software", "sw", updates),
	);
	const packages = h("section", { "aria-label": "Packages" }, h("h2", {}, "Packages"), list);
	return h(
		"section",
		{ class: "panel" },
		states,
		h("div", { class: "split flip" }, packages, upload(page, reload)),
	);
}

/** Software is only shown once there is any. */
function state(title: string, kind: Kind, updates: Updates): HTMLElement {
	const view = h("div", {});
	const element = h("section", { class: "boxed", "aria-label": title }, h("h2", {}, title), view);
	updates[kind].watch((update) => {
		fill(view, updateView(update));
		element.hidden = kind === "sw" && !update.state && !update.hold && !update.target && !update.current;
	});
	return element;
}

type DeviceBody = Record<"firmwareId" | "softwareId" | "deviceProfileId", { id: string } | null>;

/** The device as the server has it. A package is for one device profile, and only devices of that one can have it. */
const read = ({ api, device }: Page): Promise<DeviceBody> =>
	api.send("GET", `/api/device/${device.value?.id}`);

async function draw(page: Page, list: HTMLElement, reload: () => void): Promise<void> {
	const { data } = await page.api.send<{ data: Package[] }>("GET", "/api/otaPackages?pageSize=1000&page=0");
	const device = await read(page);
	const assigned = new Set([device.firmwareId?.id, device.softwareId?.id]);
	const fitting = data.filter(({ deviceProfileId }) => deviceProfileId?.id === device.deviceProfileId?.id);
	fitting.sort((a, b) => b.createdTime - a.createdTime);
	fill(list, ...fitting.map((item) => row(page, item, assigned.has(item.id.id), reload)));
	const others = data.length - fitting.length;
	if (others) list.append(h("li", { class: "hint" }, `${others} more for other device profiles.`));
}

function row(page: Page, item: Package, assigned: boolean, reload: () => void): HTMLElement {
	const size = item.url ? "by URL" : bytes(item.dataSize ?? 0);
	const facts = [item.type.toLowerCase(), size, item.checksumAlgorithm ?? "", clockTime(item.createdTime)];
	const name = `${item.title} ${item.version}`;
	const who = h("span", { class: "who" }, h("span", { class: "name" }, name));
	who.append(h("span", { class: "hint" }, facts.filter(Boolean).join(" · ")));
	const give = assigned
		? button("Take away", () => assign(page, item, null, reload), { "aria-label": `Take ${name} away` })
		: button("Assign", () => assign(page, item, item.id.id, reload), { "aria-label": `Assign ${name}` });
	give.disabled = !item.hasData;
	const remove = () =>
		act(page, `Delete ${name}`, async () => {
			await page.api.send("DELETE", `/api/otaPackage/${item.id.id}`);
			reload();
		});
	const actions = h("span", { class: "actions" }, give);
	if (!assigned) actions.append(button("Delete", remove, { class: "quiet", "aria-label": `Delete ${name}` }));
	return h("li", { class: assigned ? "assigned" : "" }, who, actions);
}

/** Saves the device as the server has it, with another package. */
async function assign(page: Page, item: Package, id: string | null, reload: () => void): Promise<void> {
	const member = members[item.type];
	await act(page, "Assign", async () => {
		const device = await read(page);
		await page.api.send("POST", "/api/device", {
			...device,
			[member]: id && { entityType: "OTA_PACKAGE", id },
		});
		page.say(id ? `${item.title} ${item.version} is assigned.` : "The assignment is taken away.");
		reload();
	});
}

function upload(page: Page, reload: () => void): HTMLElement {
	const file = h("input", { type: "file", required: true });
	const title = h("input", { required: true, maxlength: 255, autocomplete: "off" });
	const version = h("input", { required: true, maxlength: 255, autocomplete: "off" });
	const type = select(["FIRMWARE", "SOFTWARE"]);
	const algorithm = select(algorithms);
	file.addEventListener("change", () => suggest(file.files?.[0]?.name ?? "", title, version));
	const send = h("button", { class: "primary" }, "Upload");
	const form = h("form", { class: "stack boxed" }, h("h2", {}, "Upload a package"), field("File", file));
	form.append(h("div", { class: "pair" }, field("Title", title), field("Version", version)));
	form.append(h("div", { class: "pair" }, field("Type", type), field("Checksum", algorithm)), send);
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		send.disabled = true;
		await act(page, "Upload", async () => {
			const { deviceProfileId } = await read(page);
			const info = { deviceProfileId, title: title.value, version: version.value, type: type.value };
			await store(page, info, algorithm.value, file.files?.[0] as File);
			page.say(`${info.title} ${info.version} is uploaded.`);
			form.reset();
			reload();
		});
		send.disabled = false;
	});
	return form;
}

/** `app-1.2.0.bin` names a title and a version. */
function suggest(name: string, title: HTMLInputElement, version: HTMLInputElement): void {
	const [, first = "", second = ""] = /^(.*?)[-_ ]v?(\d[\w.]*?)(?:\.\w+)?$/.exec(name) ?? [];
	title.value ||= first;
	version.value ||= second;
}

/** Information first, then the bytes. Information whose bytes were refused goes again. */
async function store({ api }: Page, info: object, algorithm: string, file: File): Promise<void> {
	const { id } = await api.send<Package>("POST", "/api/otaPackage", info);
	const form = new FormData();
	form.append("file", file);
	try {
		await api.send("POST", `/api/otaPackage/${id.id}?checksumAlgorithm=${algorithm}`, form);
	} catch (error) {
		await api.send("DELETE", `/api/otaPackage/${id.id}`);
		throw error;
	}
}
