// The command line of `npm start`: what is asked for, or status 2 and what is wrong with it.
import { existsSync, mkdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { args } from "../args.ts";
import { examples } from "./example.ts";

// Defaults are in the texts alone: an option that is given must be told from one that is not.
const usage = {
	command: "npm start --",
	about: `Boots a virtual ESP32 (real XS engine, NOR flash, bootloader) that runs main.ts and shows its life.
Without --host a stand-in ThingsBoard is started on 127.0.0.1 and the whole scenario is played, firmware update included.`,
	options: {
		exit: { help: "end after the scenario; status 0 only if every step was read back from the server" },
		example: {
			help: "instead: one of examples/, on a board (with a new flash) and a stand-in of its own",
			value: "NAME",
		},
		boards: { help: "so many boards on one stand-in, updated together (default 1)", value: "N" },
		fresh: { help: "forget the board's flash and begin with a new one" },
		state: { help: "where the board's flash lives (default .board)", value: "DIR" },
		host: {
			help: "your own ThingsBoard, together with --token; what happens there is up to you",
			value: "HOST",
		},
		port: { help: "its MQTT port (default 1883)", value: "PORT" },
		token: { help: "access token of a device there", value: "TOKEN" },
		patience: { help: "seconds a step may take (default 90)", value: "S" },
	},
} as const;

type Given = NonNullable<ReturnType<typeof args<typeof usage.options>>>;
type Name = keyof typeof usage.options;

/** What is asked for. */
export interface Wishes {
	exit: boolean;
	fresh: boolean;
	example: string | undefined;
	/** How many. */
	boards: number;
	/** Folder; it exists. */
	state: string;
	/** Both or none. */
	host: string | undefined;
	token: string | undefined;
	port: number;
	/** Seconds. */
	patience: number;
}

/** A whole number given as text. @throws RangeError that names the option, what was expected and what came. */
function number(
	name: Name,
	text: string | undefined,
	otherwise: number,
	least: number,
	most: number,
): number {
	if (text === undefined) return otherwise;
	const value = Number(text);
	if (text && Number.isInteger(value) && value >= least && value <= most) return value;
	throw new RangeError(`--${name}: expected ${least} to ${most}, got ${JSON.stringify(text)}`);
}

/** @throws Error that names those of the options that are given and would have no effect. */
function without(given: Given, why: string, ...names: Name[]): void {
	const others = names.filter((name) => given[name] !== undefined && given[name] !== false);
	if (others.length)
		throw new Error(`${why}: expected it without ${others.map((name) => `--${name}`).join(", ")}`);
}

/** The folder of the flash, made where there is none. */
function folder(path: string): string {
	const state = resolve(path);
	if (existsSync(state) && !statSync(state).isDirectory())
		throw new Error(`--state: expected a folder for the board's flash, got the file ${path}`);
	try {
		mkdirSync(state, { recursive: true });
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new Error(`--state: expected a folder that can be made, got ${path} (${code})`);
	}
	return state;
}

function exampleOf(given: Given): string | undefined {
	const { example } = given;
	if (example === undefined) return undefined;
	const why = "--example lives on a stand-in of its own, with a new flash, until Ctrl-C";
	without(given, why, "exit", "boards", "fresh", "state", "host", "port", "token", "patience");
	if (examples().includes(example)) return example;
	throw new Error(`--example: expected one of ${examples().join(", ")}, got ${example}`);
}

/** The person's own ThingsBoard, or none. */
function placeOf(given: Given): Pick<Wishes, "host" | "token"> {
	const { host, token } = given;
	if (!host !== !token) throw new Error("--host and --token belong together: expected both or none");
	if (host) without(given, "--host is where one board lives until Ctrl-C", "exit", "patience", "boards");
	else if (given.port !== undefined)
		throw new Error(
			"--port is that of your own ThingsBoard: expected --host and --token with it; the stand-in takes a free one",
		);
	return { host, token };
}

function judge(given: Given): Wishes {
	const example = exampleOf(given);
	return {
		...{ example, exit: given.exit, fresh: given.fresh, ...placeOf(given) },
		port: number("port", given.port, 1883, 1, 65_535),
		patience: number("patience", given.patience, 90, 0, 86_400),
		boards: number("boards", given.boards, 1, 1, 20),
		state: example === undefined ? folder(given.state ?? ".board") : "",
	};
}

/** Reads the command line; ends with 2 and words where it cannot be obeyed. */
export function wishes(): Wishes {
	const given = args(usage);
	try {
		return judge(given);
	} catch (error) {
		console.error((error as Error).message);
		process.exit(2);
	}
}
