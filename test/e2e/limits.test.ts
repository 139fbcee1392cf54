// The server's real rate limits against a board that always has something to send: XS, link and stand-in in this process, on one clock.
import { workerBuilt } from "../../hosts/virtual/worker.ts";
import type { LimitTexts } from "../../thingsboard/limits.ts";
import { deepEqual, ok } from "../assert.ts";
import { makeWorld } from "./world.ts";

const Minute = 60_000;
const Allowed = 300 + 5 * 300; // messages in five minutes: a full bucket and what comes back

/** Sends the next message when one is acknowledged, eight at a time; each has two values. `n` tells them apart. */
const program = (sessionLimits: boolean) => `
import device from "host/device";
import TBClient from "tbclient";
let n = 0;
const next = () => void client.sendTelemetry({ n: (n += 1), t: 21.5 }, (error) => (error ? trace("lost ", error, "\\n") : next()));
const client = new TBClient({
	...device.network.mqtt, host: "tb", token: "A1", sessionLimits: ${sessionLimits},
	onDisconnected: (error) => trace("down ", error, "\\n"),
});
for (let i = 0; i < 8; i++) next();
declare function trace(...values: unknown[]): void;`;

/** A board that floods a server with these limits. */
async function run(
	limits: Partial<LimitTexts>,
	minutes: number,
	options: { ask?: boolean; cut?: boolean } = {},
) {
	const { ask = true, cut = false } = options;
	const world = await makeWorld(program(ask), { rateLimits: { device: limits } });
	let arrived = 0;
	world.core.devices.create({ name: "D" }, "A1").watchers.add({
		telemetry(rows) {
			arrived += rows.length;
		},
		attributes: () => undefined,
		deleted: () => undefined,
	});
	try {
		for (let minute = 0; minute < minutes; minute++) {
			world.clock.advance(Minute);
			if (cut) world.cut();
		}
		const ended = world.log.filter((line) => /rate|limit/i.test(line));
		return { arrived, ended, traces: world.traces.filter((text) => /^(down|lost)/.test(text)) };
	} finally {
		world.close();
	}
}

(workerBuilt() ? describe : describe.skip)("the server's rate limits (needs the XS worker)", function () {
	this.timeout(60_000);

	it("end the connection of a device that does not keep to them", async () => {
		const { ended } = await run({ telemetryMessages: "10:1,300:60" }, 1, { ask: false });
		ok(ended.length > 0, "no limit was met, so what follows would show nothing");
	});
	it("are kept to at 95 % of their rate and more, without one disconnect", async () => {
		const { arrived, ended, traces } = await run({ telemetryMessages: "10:1,300:60", messages: "20:60" }, 5);
		deepEqual([ended, traces], [[], []]);
		ok(arrived >= 0.95 * Allowed, `expected at least 95 % of ${Allowed} messages, got ${arrived}`);
	});
	it("are kept to by data points, too", async () => {
		const { arrived, ended, traces } = await run({ telemetryDataPoints: "20:1,600:60" }, 5);
		deepEqual([ended, traces], [[], []]);
		ok(arrived >= 0.95 * Allowed, `expected at least 95 % of ${Allowed} messages, got ${arrived}`);
	});
	it("are kept to over reconnects", async () => {
		const { arrived, ended } = await run({ telemetryMessages: "10:1,300:60", messages: "20:60" }, 5, {
			cut: true,
		});
		deepEqual(ended, []);
		ok(
			arrived >= 0.9 * 300 * 5,
			`expected at least 90 % of 1500 messages beside five reconnects, got ${arrived}`,
		);
	});
});
