// One virtual board as `npm start` keeps it: a folder with its flash and what the laptop knows of it.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Event, Program } from "./process.ts";
import * as show from "./show.ts";
import { Supply } from "./supply.ts";

/** What the person's laptop knows of the board. */
export interface Card {
	name: string;
	token: string;
}

/** The card beside the flash; a new one gets that name and a random token. */
export function card(state: string, name = "Virtual ESP32"): Card {
	const file = join(state, "card.json");
	if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Card;
	const fresh = { name, token: randomBytes(10).toString("hex") };
	writeFileSync(`${file}.new`, JSON.stringify(fresh));
	renameSync(`${file}.new`, file);
	return fresh;
}

/** How a board is powered. */
export interface Power {
	/** What its lines begin with. */
	label?: string;
	/** Whether power comes back when the board's process dies. */
	returns: boolean;
	/** Shows what the board says; by default all of its life. */
	onEvent?: (event: Event) => void;
}

/** Powers the board of that folder on; its life is shown under its label. */
export function power(state: string, { label = "board", returns, onEvent }: Power): Supply {
	const say = (text: string): void => show.trace(text, label);
	const start = (): Program => {
		const args = ["--state", state, "--json"];
		const program = new Program("hosts/virtual/main.ts", args, onEvent ?? ((event) => told(event, label)));
		if (returns) say(`power on: process ${program.child.pid}; kill -9 ${program.child.pid} pulls the plug`);
		return program;
	};
	return new Supply({ start, say, returns });
}

function told({ event, ...rest }: Event, label: string): void {
	const text = String(rest.text ?? "");
	const download = /^ota: DOWNLOADING (\d+)\/(\d+)/.exec(text);
	if (download && label === "board") show.progress(Number(download[1]), Number(download[2]));
	else if (download)
		return; // one bar for several boards would say nothing
	else if (event === "trace") show.trace(text, label);
	else if (event === "boot")
		show.trace(`boot ${rest.slot} ${rest.version}, reset ${rest.resetReason}`, label);
	else if (event === "reset") show.trace(`reset ${rest.reason} ${text}`, label);
}
