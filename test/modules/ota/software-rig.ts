// A device that takes mods: one life after another over the same slots, partition and store.
import "../../setup.ts";
import { Digest } from "crypt";
import type { JSONObject, JSONValue, ResetReason } from "host/contract";
import { ModSlots, type ModSlotsOptions } from "ota/mod-slots";
import { Software, type SoftwareOptions } from "ota/software";
import type { Proof } from "ota/trial";
import { clock } from "../../fakes/clock.ts";
import { FakeMods, modOf } from "../../fakes/mods.ts";
import { FakeServer } from "../../fakes/server.ts";
import { FakeSlots } from "../../fakes/slots.ts";
import { FakeStore } from "../../fakes/store.ts";
import { packageOf } from "./rig.ts";

const Proofs: readonly Proof[] = ["connected", "acknowledged", "application"];

/** `sw_*` of a package. */
export const offerOf = (mod: Uint8Array<ArrayBuffer>, version = "m1"): JSONObject =>
	Object.fromEntries(
		Object.entries(packageOf(mod, version)).map(([name, value]) => [name.replace("fw_", "sw_"), value]),
	);

export class SoftwareRig {
	readonly slots: FakeSlots;
	readonly mods: FakeMods;
	readonly store = new FakeStore();
	readonly server: FakeServer;
	readonly told: JSONObject[] = [];
	readonly boots: { mapped: boolean; reset: ResetReason }[] = [];
	/** Of the life that is. */
	mod!: ModSlots;
	software!: Software;
	options: Partial<SoftwareOptions> = {};
	modOptions: Partial<ModSlotsOptions> = {};
	#restart = false;

	/** The slot's size in blocks of 64 KiB, the mods' partition in sectors of 4 KiB. */
	constructor(mod = modOf(9_000), blocks = 2, sectors = 16) {
		clock.reset();
		this.slots = new FakeSlots(blocks * 65_536);
		this.mods = new FakeMods(sectors);
		this.server = new FakeServer(mod);
		this.server.fragment = 4096;
	}

	/** From reset to the first turn. False: it has restarted at once. */
	boot(reset: ResetReason = "POWERON"): boolean {
		this.software?.close();
		clock.reset();
		this.#restart = false;
		this.server.pending.length = 0;
		this.server.connect();
		this.mods.boot();
		this.boots.push({ mapped: this.mods.mapped, reset });
		const { slots, mods, store } = this;
		const restart = () => {
			this.#restart = true;
		};
		const common = { ...{ slots, mods, store, title: "app" }, resetReason: reset, restart };
		this.mod = new ModSlots({ ...common, ...this.modOptions });
		if (this.#restart) return false;
		this.software = new Software({
			...{ slots: this.mod, mods, store, digest: Digest, source: this.server, onReady: restart },
			random: () => 0xffffffff,
			report: (values, callback) => {
				this.told.push(values);
				callback?.(null);
			},
			...this.options,
		});
		return true;
	}

	/** One life, with what is offered, to its end: `restart`, or nothing happens any more. */
	live(reset: ResetReason = "POWERON", offer?: JSONObject, proofs = Proofs): "restart" | "settled" {
		if (!this.boot(reset)) return "restart";
		clock.advance(0);
		this.software.connected();
		for (const proof of proofs) this.software.prove(proof);
		if (offer) this.software.offer(offer);
		for (let quiet = 0; quiet < 40 && !this.#restart; quiet++) {
			if (this.server.answer(this.software)) quiet = 0;
			else clock.advance(quiet < 20 ? 10 : 1_000);
		}
		return this.#restart ? "restart" : "settled";
	}

	/** Lives until nothing happens any more; how many lives it took. */
	settle(reset: ResetReason = "POWERON", offer?: JSONObject): number {
		for (let lives = 1, reason = reset; lives < 20; lives++, reason = "SW")
			if (this.live(reason, offer) === "settled") return lives;
		throw new Error(`expected an end, got ${JSON.stringify(this.told)}`);
	}

	/** The values of a key, as they were told. */
	all(key: string): JSONValue[] {
		return this.told.flatMap((values) => (values[key] === undefined ? [] : [values[key]]));
	}
}
