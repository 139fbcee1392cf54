// Two clients with one token against the server's rule of one session for a device.
import mqttPacket from "mqtt-packet";
import { workerBuilt } from "../../hosts/virtual/worker.ts";
import { Connection } from "../../thingsboard/mqtt/connection.ts";
import type { Wire } from "../../thingsboard/mqtt/wire.ts";
import { equal, ok } from "../assert.ts";
import { makeWorld, type World } from "./world.ts";

const Minute = 60_000;

const program = `
import device from "host/device";
import TBClient from "tbclient";
new TBClient({
	...device.network.mqtt, host: "tb", token: "A1",
	onConnected: () => trace("up\\n"),
	onDisconnected: (error) => trace("down ", error, "\\n"),
});
declare function trace(...values: unknown[]): void;`;

/** A client that connects again `delay` ms after each end, for ever. Returns a switch for it. */
function rival({ clock, core }: World, delay: number): { stop(): void } {
	let on = true;
	const again = () => void (on && clock.outside(delay, connect));
	const connect = () => {
		if (!on) return;
		const wire: Wire = {
			write: () => undefined,
			close: again,
			onBytes: () => undefined,
			onGone: () => undefined,
		};
		new Connection(core, wire);
		const clientId = "rival";
		wire.onBytes(
			mqttPacket.generate({ cmd: "connect", clientId, username: "A1", clean: true, keepalive: 60 }),
		);
	};
	connect();
	return {
		stop() {
			on = false;
		},
	};
}

(workerBuilt() ? describe : describe.skip)(
	"another client with the same token (needs the XS worker)",
	function () {
		this.timeout(60_000);

		for (const delay of [100, 1000, 20_000])
			it(`that comes back after ${delay / 1000} s is reported, and not fought for ever`, async () => {
				const world = await makeWorld(program);
				const { clock, core, traces } = world;
				core.devices.create({ name: "D" }, "A1");
				try {
					clock.advance(10_000);
					const other = rival(world, delay);
					clock.advance(10 * Minute);
					ok(
						traces.some((text) => text.startsWith("down TB_TAKEN_OVER")),
						traces.join("\n"),
					);
					const ups = () => traces.filter((text) => text === "up").length;
					const before = ups();
					clock.advance(60 * Minute);
					ok(ups() - before <= 9, `expected at most 9 attempts in an hour, got ${ups() - before}`);
					other.stop();
					clock.advance(30 * Minute);
					equal(traces.at(-1), "up");
				} finally {
					world.close();
				}
			});

		it("is not seen where the network ends connections and nobody else is there", async () => {
			const world = await makeWorld(program);
			world.core.devices.create({ name: "D" }, "A1");
			try {
				for (let i = 0; i < 8; i++) {
					world.clock.advance(3 * Minute);
					world.cut();
				}
				ok(!world.traces.join().includes("TB_TAKEN_OVER"), world.traces.join("\n"));
			} finally {
				world.close();
			}
		});
	},
);
