import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commission, flashFactory, offerNext } from "../../tools/start/firmware.ts";
import { type Event, Program, startServer } from "../../tools/start/process.ts";
import { Rest } from "../../tools/start/rest.ts";
import { root } from "./program.ts";

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const Cuts = 5;
const Span = 60; // flash commands from power-on within which the power is cut; a whole update takes about that many

/** A small repeatable generator: 0 … 1. */
function random(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state / 2 ** 32;
	};
}

for (const seed of [7, Date.now() % 100_000]) {
	describe(`power cuts during an update (seed ${seed})`, function () {
		this.timeout(240_000);
		const state = mkdtempSync(join(tmpdir(), "cut-"));
		let server: Awaited<ReturnType<typeof startServer>>;
		after(async () => {
			await server?.program.end();
			rmSync(state, { recursive: true });
		});

		/** Powers on until the process dies or the server knows how the update ended; resolves with the events. */
		async function life(rest: Rest, id: string, ...args: string[]): Promise<Event[]> {
			const events: Event[] = [];
			const options = ["--state", state, "--json", "--flash-time", "0", ...args];
			const board = new Program("hosts/virtual/main.ts", options, (event) => events.push(event));
			await Promise.race([board.gone, ended(rest, id)]);
			await board.end();
			return events;
		}

		it("always leave a board that boots, and it ends with the new firmware", async () => {
			await flashFactory(state);
			server = await startServer(["--mqtt-port", "0", "--http-port", "0"]);
			commission(state, { host: "127.0.0.1", port: server.mqttPort, token: "cut-token" });
			const rest = new Rest(server.url);
			await rest.login("tenant@thingsboard.org", "tenant");
			const { id } = (await rest.device("Cut", "cut-token")) as { id: { id: string } };
			const offer = await offerNext(state, version);
			await rest.assign(id.id, await rest.firmware(offer.title, offer.version, offer.image));

			const next = random(seed);
			for (let cut = 0; cut < Cuts; cut++) {
				const at = 1 + Math.floor(next() * Span);
				const events = await life(rest, id.id, "--power-cut-at", String(at));
				const unbootable = events.find(({ text }) => /no slot holds/.test(String(text)));
				assert.equal(unbootable, undefined, `cut at flash command ${at}: ${JSON.stringify(events)}`);
			}

			const events = await life(rest, id.id);
			const verdict = (await rest.series(id.id, "fw_state", 0)).at(-1)?.value;
			assert.equal(verdict, "UPDATED", JSON.stringify(events));
			const [build] = (await rest.series(id.id, "build", 0)).slice(-1);
			assert.equal(build?.value, offer.build);
		});
	});
}

/** Resolves when the server has been told UPDATED or FAILED: a board whose power is cut cannot be asked. */
async function ended(rest: Rest, id: string): Promise<void> {
	for (;;) {
		const state = (await rest.series(id, "fw_state", 0)).at(-1)?.value;
		if (state === "UPDATED" || state === "FAILED") return;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
