// Credentials in the board's NVS, with the power cut at every operation of its flash.
import { type Copy, Keyring, Trust } from "tbclient/keyring";
import { NorFlash, PowerCut } from "../../../hosts/virtual/flash.ts";
import { Nvs } from "../../../hosts/virtual/nvs.ts";
import type { Partition } from "../../../hosts/virtual/partitions.ts";
import { VirtualStore } from "../../../hosts/virtual/store.ts";
import { deepEqual, ok } from "../../assert.ts";

const partition: Partition = { label: "nvs", type: 1, subtype: 2, offset: 0, size: 0x4000, encrypted: false };
const old = { token: "OLD" };
const fresh = { clientId: "c".repeat(200), userName: "u".repeat(200), password: "p".repeat(200) };

const open = (flash: NorFlash): Keyring => new Keyring(new VirtualStore(new Nvs(flash, partition), "tbcred"));

/** A chip whose old credentials were accepted once. */
function provisioned(seed: number): NorFlash {
	const flash = new NorFlash({ size: NorFlash.BLOCK, seed, timing: { pageProgram: 0 } });
	const copy = { credentials: old, trust: Trust.accepted, serial: 0 };
	open(flash).put(copy);
	return flash;
}

/** Asks for new ones, is granted them, and is accepted with them. */
function renew(flash: NorFlash): void {
	const keyring = open(flash);
	const copy: Copy = { credentials: fresh, trust: Trust.asked, serial: 0 };
	for (const trust of [Trust.asked, Trust.granted, Trust.accepted]) {
		copy.trust = trust;
		keyring.put(copy);
	}
	keyring.keepOnly(copy);
}

describe("Credentials on the virtual board", () => {
	const seed = Date.now() % 100_000;

	for (const mode of ["before", "torn"] as const)
		it(`are there after a power cut at any operation of the flash (${mode}, seed ${seed})`, () => {
			const whole = provisioned(seed);
			const before = whole.operations;
			renew(whole);
			const operations = whole.operations - before;
			ok(operations >= 8, `${operations} operations`);
			deepEqual(open(whole).list(), [{ credentials: fresh, trust: Trust.accepted, serial: 2 }]);
			for (let n = 1; n <= operations; n++) {
				const flash = provisioned(seed);
				flash.cutAt(n, mode);
				try {
					renew(flash);
				} catch (error) {
					if (!(error instanceof PowerCut)) throw error;
				}
				flash.powerOn();
				const [best] = open(flash)
					.list()
					.sort((a, b) => b.trust - a.trust || b.serial - a.serial);
				deepEqual(best?.trust, Trust.accepted, `cut at ${n}`);
				ok(
					[JSON.stringify(old), JSON.stringify(fresh)].includes(JSON.stringify(best?.credentials)),
					`cut at ${n}`,
				);
			}
		});
});
