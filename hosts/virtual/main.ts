/** The board as a process of its own: `node --import ./tools/ts.mjs hosts/virtual/main.ts --state DIR`. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Board } from "./board.ts";
import { NorFlash } from "./flash.ts";

const Help = `Runs a virtual ESP32.

  --state DIR         folder of flash.bin; an image must be in it (hosts/virtual/factory.ts puts one there)
  --json              one JSON object a line on stdout: {"event": "boot" | "trace" | "reset" | "off" | "error", ...}
  --flash-time N      how long JavaScript stands still per flash command, 1 = as on the chip (default 1)
  --power-cut-at N    the process dies in the N-th flash command, which is left torn
  --help              this text

Commands on stdin, one JSON object a line:
  {"command": "powerCut"}  {"command": "powerOn"}  {"command": "link", "up": false}  {"command": "clock"}
SIGTERM and SIGINT end it with status 0; with --json so does the end of stdin.`;

const { values: options } = parseArgs({
	options: {
		state: { type: "string" },
		json: { type: "boolean", default: false },
		"flash-time": { type: "string", default: "1" },
		"power-cut-at": { type: "string" },
		help: { type: "boolean", default: false },
	},
});

const texts: Record<string, (event: Record<string, unknown>) => string> = {
	trace: ({ text }) => `${text}`,
	boot: ({ slot, version, resetReason }) => `boot: ${slot}, version ${version}, reset reason ${resetReason}`,
	reset: ({ reason, text }) => `reset: ${reason} ${text}`,
	off: ({ text }) => `off: ${text}`,
	error: ({ text }) => `error: ${text}`,
};

function say(event: string, values: Record<string, unknown>): void {
	console.log(options.json ? JSON.stringify({ event, ...values }) : texts[event]?.(values));
}

interface Command {
	command?: string;
	up?: boolean;
}

function obey(board: Board, line: string): void {
	try {
		const { command, up } = JSON.parse(line) as Command;
		if (command === "powerCut") board.powerCut();
		else if (command === "powerOn") board.powerOn();
		else if (command === "link") board.setLink(up === true);
		else if (command === "clock") board.setClock();
		else throw new Error(`expected powerCut, powerOn, link or clock, got ${command}`);
	} catch (error) {
		say("error", { text: `command: ${(error as Error).message}` });
	}
}

/** A flash command that is cut ends the process in the middle of it: what is in the file is what a chip would hold. */
function cutAt(flash: NorFlash, count: number): void {
	if (!Number.isInteger(count) || count < 1)
		throw new RangeError(`--power-cut-at: expected a whole number from 1, got ${options["power-cut-at"]}`);
	flash.cutAt(count, "torn");
}

function main(state: string): void {
	const file = join(state, "flash.bin");
	if (!existsSync(file)) throw new Error(`board: expected a flash file, found none at ${file}`);
	mkdirSync(state, { recursive: true });
	const flash = new NorFlash({ file });
	const board = new Board({ flash, flashTime: Number(options["flash-time"]) });
	for (const event of ["trace", "boot", "reset", "off"] as const)
		board.on(event, (values: object) => say(event, { ...values }));
	if (options["power-cut-at"] !== undefined) {
		board.on("off", () => process.kill(process.pid, "SIGKILL"));
	}
	const end = () => {
		board.close();
		process.exit(0);
	};
	const input = createInterface({ input: process.stdin }).on("line", (line) => obey(board, line));
	// A program that drives the board and dies must not leave it running.
	if (options.json) input.on("close", end);
	process.once("SIGTERM", end).once("SIGINT", end);
	board.powerOn();
	// After powerOn, which forgets injected faults.
	if (options["power-cut-at"] !== undefined) cutAt(flash, Number(options["power-cut-at"]));
}

if (options.help) console.log(Help);
else if (!options.state) throw new Error("board: expected --state DIR (see --help)");
else main(options.state);
