// `npm start`: a virtual ESP32 running main.ts in the real XS engine, beside a ThingsBoard to talk to.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { args } from "./args.ts";
import { card, power } from "./start/board.ts";
import { runExample } from "./start/example.ts";
import { commission, flashFactory, isOutdated, offerNext } from "./start/firmware.ts";
import { fleet } from "./start/fleet.ts";
import { startServer } from "./start/process.ts";
import { Rest } from "./start/rest.ts";
import { play } from "./start/scenario.ts";
import * as show from "./start/show.ts";

const options = args({
	command: "npm start --",
	about: `Boots a virtual ESP32 (real XS engine, NOR flash, bootloader) that runs main.ts and shows its life.
Without --host a stand-in ThingsBoard is started on 127.0.0.1 and the whole scenario is played, firmware update included.`,
	options: {
		exit: { help: "end after the scenario; status 0 only if every step was read back from the server" },
		example: { help: "instead: one of examples/, on a board and a stand-in of its own", value: "NAME" },
		boards: { help: "so many boards on one stand-in, updated together", value: "N", default: "1" },
		fresh: { help: "forget the board's flash and begin with a new one" },
		state: { help: "where the board's flash lives", value: "DIR", default: ".board" },
		host: {
			help: "your own ThingsBoard, together with --token; what happens there is up to you",
			value: "HOST",
		},
		port: { help: "its MQTT port", value: "PORT", default: "1883" },
		token: { help: "access token of a device there", value: "TOKEN" },
		patience: { help: "seconds a step may take", value: "S", default: "90" },
	},
});

/** One process a flash. @throws Error while the process that wrote `file` is alive. */
function occupy(file: string): void {
	const owner = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
	try {
		if (owner) process.kill(owner, 0);
	} catch {
		rmSync(file); // it has died without a word
	}
	if (existsSync(file))
		throw new Error(
			`${file}: this board is running already, as process ${owner}; end that one or use --state`,
		);
	writeFileSync(file, String(process.pid));
	process.once("exit", () => rmSync(file, { force: true }));
}

/** The person's own ThingsBoard: the board lives there until Ctrl-C. */
async function visit(state: string, host: string, port: number, token: string): Promise<number> {
	if (!existsSync(join(state, "flash.bin"))) await flashFactory(state);
	commission(state, { host, port, token });
	show.line(
		`Virtual ESP32 on mqtt://${host}:${port}. Ctrl-C ends it; assign it a firmware and it updates itself.`,
	);
	const board = power(state, { returns: true });
	const ended = new Promise<undefined>((done) => {
		for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => done(undefined));
	});
	const broken = await Promise.race([ended, board.gone]);
	if (broken) show.line(`\n${broken}`);
	await board.end();
	return broken ? 1 : 0;
}

/** The board keeps its flash between two starts, and with it the code that it was flashed with. */
function tellOutdated(state: string): void {
	if (isOutdated(state))
		show.line(
			"app.ts or main.ts changed since this board was flashed; it still runs what it had. --fresh starts with the change,\nnpm run publish-firmware sends it as an update (docs/packages.md).\n",
		);
}

/** Stand-in, board and scenario. Resolves with the exit status. */
async function live(state: string, patience: number): Promise<number> {
	const { name, token } = card(state);
	const server = await startServer(["--port", "0", "--http-port", "0"]);
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
	const board = power(state, { returns: !options.exit });
	const ended = new Promise<void>((done) => {
		for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => done());
	});
	const scene = {
		patience,
		rest,
		deviceId: id.id,
		since,
		offer: (version: string) => offerNext(state, version),
		gone: board.gone,
	};
	const missing = await Promise.race([play(scene), ended.then(() => "interrupted")]);
	show.line(missing ? `\nNot complete: ${missing}` : "\nComplete: every step was read back from the server.");
	if (missing || options.exit) show.silence();
	let broken: string | undefined;
	if (!options.exit && !missing) {
		show.line(
			`The board stays up; Ctrl-C ends it. ${server.url} is a page to watch it on. Change app.ts and send it as an update:\n  npm run publish-firmware -- --host ${server.url} --version 0.9.0 --assign device="${name}"`,
		);
		broken = await Promise.race([ended.then(() => undefined), board.gone]);
		if (broken) show.line(`\n${broken}`);
	}
	await board.end();
	await server.program.end();
	return missing || broken ? 1 : 0;
}

/** A whole number given as text. @throws RangeError that names the option, what was expected and what came. */
function number(name: "port" | "patience" | "boards", least: number, most: number): number {
	const value = Number(options[name]);
	if (options[name] && Number.isInteger(value) && value >= least && value <= most) return value;
	throw new RangeError(`--${name}: expected ${least} to ${most}, got ${JSON.stringify(options[name])}`);
}

async function main(): Promise<number> {
	const { host, token, exit, example } = options;
	if (example !== undefined) {
		const others = [
			host && "--host",
			token && "--token",
			exit && "--exit",
			options.fresh && "--fresh",
		].filter(Boolean);
		if (others.length)
			throw new Error(
				`--example lives on a stand-in of its own until Ctrl-C: expected it without ${others.join(", ")}`,
			);
		return runExample(example);
	}
	const port = number("port", 1, 65_535);
	const patience = number("patience", 0, 86_400);
	const count = number("boards", 1, 20);
	if (!host !== !token) throw new Error("--host and --token belong together: expected both or none");
	if (host && exit) throw new Error("--exit plays the scenario on the stand-in: expected it without --host");
	if (host && count > 1) throw new Error("--boards lives on the stand-in: expected it without --host");
	const state = resolve(options.state);
	mkdirSync(state, { recursive: true });
	occupy(join(state, "lock"));
	if (options.fresh)
		for (const name of ["flash.bin", "card.json", "next", "boards"])
			rmSync(join(state, name), { recursive: true, force: true });
	if (count > 1) return fleet({ state, count, patience, exit });
	tellOutdated(state);
	return host && token ? visit(state, host, port, token) : live(state, patience);
}

main().then(
	(status) => process.exit(status),
	(error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		process.exit(1);
	},
);
