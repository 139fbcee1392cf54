// The update of the device looked at: state and versions from its telemetry, size from its attributes, progress from the wire.
import { Cell } from "./cell.ts";
import { now } from "./clock.ts";
import { Download } from "./download.ts";
import type { Packet } from "./feed.ts";
import { follow, type Page } from "./page.ts";
import type { Points } from "./socket.ts";

export type Kind = "fw" | "sw";

/** What is known of one kind of update. Empty texts are not known. */
export interface Update {
	kind: Kind;
	/** The package the device is to have. */
	target: string;
	/** What it says it has. */
	current: string;
	state: string;
	error: string;
	/** Why the device waits with it. */
	hold: string;
	/** Bytes of the package; 0 when not known. */
	size: number;
	/** Bytes on their way or there. */
	bytes: number;
	/** Bytes per second. */
	rate: number;
}

export type Updates = Record<Kind, Cell<Update>>;

const none = (kind: Kind): Update => ({
	...{ kind, target: "", current: "", state: "", error: "", hold: "" },
	...{ size: 0, bytes: 0, rate: 0 },
});

/** Both kinds, kept up to date. */
export function followUpdates(page: Page): Updates {
	const updates: Updates = { fw: new Cell(none("fw")), sw: new Cell(none("sw")) };
	for (const kind of ["fw", "sw"] as const) follow(page, ({ id }) => track(page, id, updates[kind], kind));
	return updates;
}

function track({ socket, feed }: Page, id: string, cell: Cell<Update>, kind: Kind): () => void {
	cell.value = none(kind);
	const texts = new Map<string, string>();
	const download = new Download(kind);
	const draw = () => {
		cell.value = {
			...cell.value,
			...read(texts, kind),
			bytes: download.bytes,
			rate: download.rate(now()),
		};
	};
	const take = (points: Points) => {
		for (const [key, list] of Object.entries(points)) texts.set(key, list[0]?.[1] ?? "");
		draw();
	};
	const packets = (list: Packet[]) => {
		const told = list.filter((packet) => packet.deviceId === id && download.take(packet));
		if (told.length) draw();
	};
	const ends = ["LATEST_TELEMETRY", "SHARED_SCOPE"].map((scope) => socket.subscribe(id, scope, take));
	feed.listeners.add(packets);
	return () => {
		for (const end of ends) end();
		feed.listeners.delete(packets);
	};
}

function read(texts: Map<string, string>, kind: Kind): Partial<Update> {
	const text = (key: string) => texts.get(key) ?? "";
	const named = (prefix: string) => [text(`${prefix}_title`), text(`${prefix}_version`)].join(" ").trim();
	return {
		target: named(`target_${kind}`),
		current: named(`current_${kind}`),
		state: text(`${kind}_state`),
		error: text(`${kind}_state`) === "FAILED" ? text(`${kind}_error`) : "",
		hold: text(`${kind === "fw" ? "ota" : "sw"}_hold`),
		size: Number(text(`${kind}_size`)) || 0,
	};
}
