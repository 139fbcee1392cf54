// What an update leaves in the store at each step, what it asks for while it proves flash, and what it says it has cost.
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

const Block = 65_536;

/** A download that a restart has ended behind its first block. */
function cutOff(): Rig {
	const rig = new Rig(2 * Block);
	const updater = rig.updater({ chunkSize: 8192 });
	updater.connected();
	updater.offer(packageOf(rig.server.image));
	while (updater.progress.written < Block + 5_000) rig.server.answer(updater);
	updater.close();
	rig.server.pending.length = 0;
	rig.server.asked.length = 0;
	return rig;
}

const tallyOf = (rig: Rig): Record<string, number> => JSON.parse(String(rig.store.values.get("trial"))).tally;

describe("An installation", () => {
	it("forgets trial and kept bytes of other packages before it asks for anything", () => {
		const rig = cutOff();
		ok(rig.store.values.has("kept"));
		rig.store.values.set("trial", "{}");
		rig.server.image = imageOf(2 * Block, 3);
		rig.updater().offer(packageOf(rig.server.image, "v3"));
		deepEqual([...rig.store.values.keys()], []);
	});

	it("asks for nothing before there is a connection, and then at once", () => {
		const rig = new Rig(5_000);
		const updater = rig.updater();
		updater.offer(packageOf(rig.server.image));
		clock.advance(1_000);
		equal(rig.server.asked.length, 0);
		updater.connected();
		equal(rig.server.asked.length, 1);
	});

	it("forgets kept bytes as soon as flash does not prove them", () => {
		const rig = cutOff();
		rig.slots.bytes[5] = 0;
		const updater = rig.updater();
		updater.offer(packageOf(rig.server.image));
		clock.advance(10);
		equal(JSON.parse(String(rig.store.values.get("kept"))).position, 0);
	});

	it("begins a record anew when flash does not prove what it kept", () => {
		const rig = cutOff();
		rig.slots.bytes[5] = 0;
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(10);
		rig.server.pending.splice(0, rig.server.pending.length - 1);
		rig.server.answer(updater);
		const { position, proof, boots } = JSON.parse(String(rig.store.values.get("kept")));
		deepEqual([position, proof, boots], [0, "", 1]);
	});

	it("asks for nothing when the inspector's maker cancels, and proves nothing when the application does", () => {
		for (const inspected of [true, false]) {
			const rig = cutOff();
			rig.slots.bytes[5] = 0;
			rig.slots.log.length = 0;
			let made = 0;
			const updater = rig.updater({
				inspect: () => {
					if (inspected && ++made === 2) updater.cancel();
					return { write() {}, close: () => undefined };
				},
				onState: (state) => {
					if (!inspected && state === "DOWNLOADING") updater.cancel();
				},
			});
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			const { armed } = clock;
			clock.advance(10);
			deepEqual([updater.state, rig.server.asked.length, clock.armed], ["FAILED", 0, 0]);
			if (!inspected) deepEqual([armed, rig.slots.log], [0, []]);
		}
	});

	for (const stop of ["disconnected", "pause"] as const)
		it(`asks for nothing when ${stop} came while flash was proved`, () => {
			const rig = cutOff();
			const updater = rig.updater();
			updater.connected();
			updater.offer(packageOf(rig.server.image));
			updater[stop]();
			clock.advance(1_000);
			equal(rig.server.asked.length, 0);
			updater[stop === "pause" ? "resume" : "connected"]();
			rig.serve(updater);
			equal(updater.state, "UPDATING");
		});

	it("counts its continuations: a restart, and each connection after the first", () => {
		const rig = cutOff();
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(10);
		for (let time = 0; time < 3; time++) {
			updater.disconnected();
			rig.server.pending.length = 0;
			updater.connected();
		}
		rig.serve(updater);
		equal(tallyOf(rig).resumes, 4);
	});

	it("counts its time once", () => {
		const rig = new Rig(3 * Block);
		const updater = rig.updater();
		const start = clock.now;
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		while (updater.state === "DOWNLOADING") {
			clock.advance(50);
			rig.server.answer(updater);
		}
		clock.advance(10);
		const ms = clock.now - start;
		const { ms: told = 0 } = tallyOf(rig);
		ok(told > ms - 50 && told <= ms, `expected about ${ms}, got ${told}`);
	});

	it("tells its progress when flash has proved what was kept", () => {
		const rig = cutOff();
		const seen: number[] = [];
		const updater = rig.updater({ onState: (_, { written }) => seen.push(written) });
		updater.offer(packageOf(rig.server.image));
		clock.advance(10);
		ok(seen.includes(Block), `${seen}`);
	});
});
