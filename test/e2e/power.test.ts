import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commission, flashFactory, offerNext } from "../../tools/start/firmware.ts";
import { type Event, Program, startServer } from "../../tools/start/process.ts";
import { Rest } from "../../tools/start/rest.ts";

const Span = 150; // flash commands of an update at least, before its confirmation; more with every kilobyte of the program

/** A small repeatable generator: 0 … 1. */
function random(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state / 2 ** 32;
	};
}

const fresh = Date.now() % 100_000;
const draw = random(fresh);
const cuts = [2, 60, 140, Span, ...[1, 2, 3].map(() => 1 + Math.floor(draw() * Span))];

describe(`a power cut in an update (seed ${fresh})`, function () {
	this.timeout(120_000);
	let server: Awaited<ReturnType<typeof startServer>>;
	let rest: Rest;
	before(async () => {
		server = await startServer(["--port", "0", "--http-port", "0"]);
		rest = new Rest(server.url);
		await rest.login("tenant@thingsboard.org", "tenant");
	});
	after(() => server?.program.end());

	for (const [number, cut] of cuts.entries())
		it(`at flash command ${cut} leaves a board that boots and ends with the new firmware`, async () => {
			const state = mkdtempSync(join(tmpdir(), "cut-"));
			const name = `Cut ${number}`;
			await flashFactory(state);
			commission(state, { host: "127.0.0.1", port: server.mqttPort, token: name });
			const { id } = (await rest.device(name, name)) as { id: { id: string } };
			const offer = await offerNext(state, `9.0.${number}`);
			await rest.assign(id.id, await rest.firmware(offer.title, offer.version, offer.image));

			const first = await life(rest, id.id, state, "--power-cut-at", String(cut));
			assert.match(String(first.at(-1)?.text), /^power failed in/, "the power was not cut");
			const second = await life(rest, id.id, state);
			rmSync(state, { recursive: true });

			assert.ok(
				second.some(({ event }) => event === "boot"),
				"it does not boot",
			);
			const boots = second.filter(({ event }) => event === "boot");
			assert.equal(boots.at(-1)?.version, offer.version, JSON.stringify(second));
			assert.equal(
				(await rest.series(id.id, "fw_state", 0)).at(-1)?.value,
				"UPDATED",
				JSON.stringify(second),
			);
			assert.equal((await rest.series(id.id, "build", 0)).at(-1)?.value, offer.build);
		});
});

/** Powers on until the process dies or the update has ended; resolves with the events of that life. */
async function life(rest: Rest, id: string, state: string, ...args: string[]): Promise<Event[]> {
	const events: Event[] = [];
	const booted = Date.now();
	const options = ["--state", state, "--json", "--flash-time", "0", ...args];
	const board = new Program("hosts/virtual/main.ts", options, (event) => events.push(event));
	let alive = true;
	board.gone.then(() => {
		alive = false;
	});
	// The server alone can say that it was told; a board whose power is cut cannot be asked.
	while (alive && !(await ended(rest, id, booted)))
		await Promise.race([board.gone, new Promise((resolve) => setTimeout(resolve, 50))]);
	await board.end();
	return events;
}

/** The server was told UPDATED or FAILED, and has a reading, since that boot. */
async function ended(rest: Rest, id: string, since: number): Promise<boolean> {
	const state = (await rest.series(id, "fw_state", 0)).at(-1)?.value;
	const readings = await rest.series(id, "build", since);
	return (state === "UPDATED" || state === "FAILED") && readings.length > 0;
}
