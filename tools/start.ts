// `npm start`: a virtual ESP32 running main.ts in the real XS engine, beside a ThingsBoard to talk to.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { commission, flashFactory, offerNext } from "./start/firmware.ts";
import { type Event, Program, startServer } from "./start/process.ts";
import { Rest } from "./start/rest.ts";
import { play } from "./start/scenario.ts";
import * as show from "./start/show.ts";

const Help = `npm start -- [options]

Boots a virtual ESP32 (real XS engine, NOR flash, bootloader) that runs main.ts and shows its life.
Without --host a stand-in ThingsBoard is started on 127.0.0.1 and the whole scenario is played, firmware update included.

  --exit          end after the scenario; status 0 only if every step was read back from the server
  --fresh         forget the board's flash and begin with a new one
  --state DIR     where the board's flash lives (default .board)
  --host HOST     your own ThingsBoard (MQTT), together with --token; the scenario is then yours to play
  --port PORT     its MQTT port (default 1883)
  --token TOKEN   access token of a device there
  --patience S    how long a step may take, seconds (default 90)
  --help          this text`;

const { values: options } = parseArgs({
	options: {
		exit: { type: "boolean", default: false },
		fresh: { type: "boolean", default: false },
		state: { type: "string", default: ".board" },
		host: { type: "string" },
		port: { type: "string", default: "1883" },
		token: { type: "string" },
		patience: { type: "string", default: "90" },
		help: { type: "boolean", default: false },
	},
});

/** Kept beside the flash: what the person's laptop knows of the board. */
interface Card {
	name: string;
	token: string;
}

function card(state: string): Card {
	const file = join(state, "card.json");
	if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Card;
	const fresh = { name: "Virtual ESP32", token: randomBytes(10).toString("hex") };
	writeFileSync(file, JSON.stringify(fresh));
	return fresh;
}

function onBoard({ event, ...rest }: Event): void {
	const text = String(rest.text ?? "");
	const download = /^ota: DOWNLOADING (\d+)\/(\d+)/.exec(text);
	if (download) show.progress(Number(download[1]), Number(download[2]));
	else if (event === "trace") show.trace(text);
	else if (event === "boot") show.trace(`boot ${rest.slot} ${rest.version}, reset ${rest.resetReason}`);
	else if (event === "reset") show.trace(`reset ${rest.reason} ${text}`);
}

/** Powers the board on. The returned promise tells when and how its process ended. */
function power(state: string): Program {
	return new Program("hosts/virtual/main.ts", ["--state", state, "--json"], onBoard);
}

/** The person's own ThingsBoard: the board lives there until Ctrl-C. */
async function visit(state: string, host: string, port: number, token: string): Promise<number> {
	if (!existsSync(join(state, "flash.bin"))) await flashFactory(state);
	commission(state, { host, port, token });
	show.line(
		`Virtual ESP32 on mqtt://${host}:${port}. Ctrl-C ends it; assign it a firmware and it updates itself.`,
	);
	const board = power(state);
	for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => board.end());
	const status = await board.gone;
	return status === 0 || status === "SIGTERM" ? 0 : 1;
}

/** Stand-in, board and scenario. Resolves with the exit status. */
async function live(state: string): Promise<number> {
	const { name, token } = card(state);
	const server = await startServer(["--mqtt-port", "0", "--http-port", "0"]);
	if (!existsSync(join(state, "flash.bin"))) await flashFactory(state);
	commission(state, { host: "127.0.0.1", port: server.mqttPort, token });
	const rest = new Rest(server.url);
	await rest.login("tenant@thingsboard.org", "tenant");
	const { id } = (await rest.device(name, token)) as { id: { id: string } };
	show.line(
		`Stand-in ThingsBoard ${server.url} (tenant@thingsboard.org / tenant), MQTT 127.0.0.1:${server.mqttPort}`,
	);
	show.line(`Device "${name}", access token ${token}\n`);
	const since = Date.now();
	const board = power(state);
	const gone = board.gone.then((status) => `the board's process ended with ${status}`);
	const ended = new Promise<void>((done) => {
		for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => done());
	});
	const scene = {
		patience: Number(options.patience),
		rest,
		deviceId: id.id,
		since,
		offer: (version: string) => offerNext(state, version),
		gone,
	};
	const missing = await Promise.race([play(scene), ended.then(() => "interrupted")]);
	show.line(missing ? `\nNot complete: ${missing}` : "\nComplete: every step was read back from the server.");
	if (!options.exit && !missing) {
		show.line(
			"The board stays up; Ctrl-C ends it. Try an RPC or assign another firmware by REST (docs/thingsboard.md).",
		);
		await Promise.race([ended, gone]);
	}
	await board.end();
	await server.program.end();
	return missing ? 1 : 0;
}

async function main(): Promise<number> {
	if (options.help) {
		show.line(Help);
		return 0;
	}
	const state = resolve(options.state);
	if (options.fresh) rmSync(state, { recursive: true, force: true });
	mkdirSync(state, { recursive: true });
	if (!options.host !== !options.token)
		throw new Error("--host and --token belong together: expected both or none");
	if (options.host && options.token) return visit(state, options.host, Number(options.port), options.token);
	return live(state);
}

main().then(
	(status) => process.exit(status),
	(error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		process.exit(1);
	},
);
