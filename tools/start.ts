// `npm start`: a virtual ESP32 running main.ts in the real XS engine, beside a ThingsBoard to talk to.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nextVersion } from "./next-app.ts";
import { card, power } from "./start/board.ts";
import { runExample } from "./start/example.ts";
import { commission, flashFactory, isOutdated, offerNext } from "./start/firmware.ts";
import { fleet } from "./start/fleet.ts";
import { startServer } from "./start/process.ts";
import { Rest } from "./start/rest.ts";
import { play } from "./start/scenario.ts";
import * as show from "./start/show.ts";
import { wishes } from "./start/wishes.ts";

const options = wishes();

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
			"This board was flashed from an older app.ts or main.ts. Unless you sent the change as an update (npm run publish-firmware,\ndocs/packages.md), it still runs what it had; --fresh starts with the change.\n",
		);
}

/** A version above the one that runs. */
async function unused(rest: Rest, deviceId: string, since: number): Promise<string> {
	const told = await rest.series(deviceId, "current_fw_version", since);
	return nextVersion(told.at(-1)?.value ?? "0.1.0");
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
			`The board stays up; Ctrl-C ends it. ${server.url} is a page to watch it on. Change app.ts and send it as an update:\n  npm run publish-firmware -- --host ${server.url} --version ${await unused(rest, id.id, since)} --assign device="${name}"`,
		);
		broken = await Promise.race([ended.then(() => undefined), board.gone]);
		if (broken) show.line(`\n${broken}`);
	}
	await board.end();
	await server.program.end();
	return missing || broken ? 1 : 0;
}

function main(): Promise<number> {
	const { host, token, port, patience, boards, exit, fresh, example, state } = options;
	if (example !== undefined) return runExample(example);
	occupy(join(state, "lock"));
	if (fresh)
		for (const name of ["flash.bin", "card.json", "next", "boards"])
			rmSync(join(state, name), { recursive: true, force: true });
	if (boards > 1) return fleet({ state, count: boards, patience, exit });
	tellOutdated(state);
	return host && token ? visit(state, host, port, token) : live(state, patience);
}

Promise.resolve()
	.then(main)
	.then(
		(status) => process.exit(status),
		(error: unknown) => {
			console.error(error instanceof Error ? error.message : error);
			process.exit(1);
		},
	);
