// One virtual board as `npm start` keeps it: a folder with its flash and what the laptop knows of it.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Event, Program } from "./process.ts";
import * as show from "./show.ts";

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

/** Powers the board on; its life is shown under that label. */
export function power(state: string, label = "board"): Program {
	return new Program("hosts/virtual/main.ts", ["--state", state, "--json"], (event) => told(event, label));
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
