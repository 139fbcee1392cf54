// Software, to the byte and the millisecond: what it asks for, how often it copies, what it leaves behind.
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { modOf } from "../../fakes/mods.ts";
import { offerOf, SoftwareRig } from "./software-rig.ts";

const mod = modOf(9_000);
const offer = offerOf(mod);

/** A rig whose mod m1 is about to boot for the first time. */
function copied(): SoftwareRig {
	const rig = new SoftwareRig(mod);
	rig.live("POWERON", offer);
	rig.live("SW");
	return rig;
}

/** Downloading, with the first chunk under way. */
function downloading(): SoftwareRig {
	const rig = new SoftwareRig(mod);
	rig.boot();
	clock.advance(0);
	rig.software.connected();
	rig.software.offer(offer);
	rig.server.answer(rig.software);
	return rig;
}

describe("Software, in detail", () => {
	it("asks for 2048 bytes at a time under ids below 2^30, which leave the upper half to its source", () => {
		const rig = downloading();
		while (rig.server.answer(rig.software));
		const [head, ...chunks] = rig.server.asked;
		equal(head?.request, 0x20000000);
		deepEqual([...new Set(chunks.map(({ size }) => size))], [2048]);
		ok(rig.server.asked.every(({ request }) => request < 2 ** 30));
	});

	it("waits its own share of the jitter", () => {
		const rig = new SoftwareRig(mod);
		rig.boot();
		clock.advance(0);
		rig.software.connected();
		rig.software.offer({ ...offer, ota_jitter: 100 }); // random numbers of the rig: 0xdfffffff of 2^32, 87.5 s
		clock.advance(87_000);
		equal(rig.software.state, "IDLE");
		clock.advance(1_000);
		equal(rig.software.state, "DOWNLOADING");
	});

	it("takes the connection for one of the proofs", () => {
		const rig = copied();
		rig.boot("SW");
		clock.advance(0);
		rig.software.prove("acknowledged");
		rig.software.prove("application");
		equal(rig.all("sw_state").at(-1), "UPDATING");
		rig.software.connected();
		equal(rig.all("sw_state").at(-1), "UPDATED");
	});

	it("waits without a deadline while there is no connection", () => {
		const rig = downloading();
		rig.software.disconnected();
		clock.advance(3_600_000);
		equal(rig.software.state, "DOWNLOADING");
	});

	it("copies three times in one boot, not more", () => {
		const rig = new SoftwareRig(mod);
		rig.live("POWERON", offer);
		let copies = 0;
		rig.mods.erase = () => {
			copies++;
			throw new Error("flash is worn");
		};
		equal(rig.live("SW"), "settled");
		deepEqual([copies, rig.all("sw_state").at(-1)], [3, "FAILED"]);
	});

	it("forgives a mod its crashes after 5 minutes of life", () => {
		const rig = copied();
		rig.live("SW");
		const crashes = () => JSON.parse(String(rig.store.values.get("mod"))).boots;
		rig.boot("PANIC");
		equal(crashes(), 1);
		clock.advance(299_999);
		equal(crashes(), 1);
		clock.advance(1);
		equal(crashes(), 0);
	});

	for (const [at, make] of [
		["a download", downloading],
		[
			"a trial",
			() => {
				const rig = copied();
				rig.boot("SW");
				clock.advance(0);
				return rig;
			},
		],
	] as const)
		it(`leaves no timer behind when it is closed in ${at}`, () => {
			const rig = make();
			ok(clock.armed > 0);
			rig.software.close();
			equal(clock.armed, 0);
		});
});
