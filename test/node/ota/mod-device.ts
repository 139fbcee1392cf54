// A whole device that takes mods, in this process: virtual flash, NVS, slots and the partition `xs` under the real Software.
import { createHash } from "node:crypto";
import { Digest } from "crypt";
import type { JSONObject, Mods, ResetReason } from "host/contract";
import { Key } from "ota/mod-key";
import { type ModRecord, writeMod } from "ota/mod-record";
import { ModSlots } from "ota/mod-slots";
import { Software } from "ota/software";
import { boot } from "../../../hosts/virtual/bootloader.ts";
import { EspError } from "../../../hosts/virtual/esperr.ts";
import { NorFlash, PowerCut } from "../../../hosts/virtual/flash.ts";
import { packMod, readMod } from "../../../hosts/virtual/mod.ts";
import { Nvs } from "../../../hosts/virtual/nvs.ts";
import { readPartitions } from "../../../hosts/virtual/partitions.ts";
import { PartitionRegion } from "../../../hosts/virtual/region.ts";
import { VirtualSlots } from "../../../hosts/virtual/slots.ts";
import { VirtualStore } from "../../../hosts/virtual/store.ts";
import { ModMagic, Target, XSVersion } from "../../../hosts/virtual/target.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeServer } from "../../fakes/server.ts";
import { imageOf } from "./story.ts";

/** What the new mod does on trial. */
export type Script = "confirms" | "fails its check" | "crashes";
/** What the device has behind it: nothing; `m1` by USB, by an update; an `m0` that was removed, and why. */
export type Start = "blank" | "USB" | "confirmed" | "crashed" | "without power" | "not copied";
type End = "settled" | "restart" | "crash" | "power cut";

const table = readPartitions();
const Quiet = 40_000; // ms in which nothing happens: everything has settled

export const modOf = (version: string, size: number): Buffer =>
	packMod({ title: "app", version, target: Target, xs: XSVersion }, Buffer.alloc(size, version));

const oldMod = modOf("m1", 5_000);
/** The larger one has a block of 64 KiB behind it when a download is cut late: it goes on there. */
const newMods = { small: modOf("m2", 14_000), large: modOf("m2", 80_000) };
export type Size = keyof typeof newMods;

const offerOf = (mod: Buffer): JSONObject => ({
	sw_title: "app",
	sw_version: "m2",
	sw_size: mod.length,
	sw_checksum_algorithm: "SHA256",
	sw_checksum: createHash("sha256").update(mod).digest("hex"),
});

const firmware = { title: "app", size: 9_000, algorithm: "SHA256", checksum: "00".repeat(32) };
const gone = { ...firmware, version: "m0", phase: "removed", boots: 0 } as const;
/** The record that an earlier life has left. */
const records: { readonly [start in Start]?: ModRecord } = {
	confirmed: { ...firmware, version: "m1", phase: "confirmed", boots: 2 },
	crashed: { ...gone, reset: "PANIC" },
	"without power": { ...gone, reset: "POWERON" },
	"not copied": { ...gone, reason: "copy: expected an end within 5 boots, got none" },
};

interface Told {
	/** What ran when it was told; undefined: no mod. */
	ran: string | undefined;
	values: JSONObject;
}

export class ModDevice {
	readonly flash: NorFlash;
	readonly server: FakeServer;
	readonly told: Told[] = [];
	boots = 0;
	readonly #script: Script;
	readonly #mod: Buffer;

	constructor(script: Script, start: Start, seed = 1, size: Size = "small") {
		clock.reset();
		this.#script = script;
		this.#mod = newMods[size];
		this.server = new FakeServer(Uint8Array.from(this.#mod));
		this.server.fragment = 4096;
		this.flash = new NorFlash({ seed });
		this.flash.write(table.find("ota_0").offset, imageOf("v1", 4_000));
		if (start === "USB" || start === "confirmed") this.flash.write(table.find("xs").offset, oldMod);
		const record = records[start];
		if (record) writeMod(this.store, record);
	}

	/** Lives until everything has settled; `onPowerCut` may arm the next cut. Throws when it does not settle. */
	live(most: number, onPowerCut: () => void = () => {}): void {
		for (let reason: ResetReason = "POWERON"; this.boots < most; this.boots++) {
			const end = this.#life(reason);
			clock.reset();
			if (end === "settled") return;
			if (end === "power cut") {
				this.flash.powerOn();
				onPowerCut();
			}
			reason = end === "restart" ? "SW" : end === "crash" ? "PANIC" : "POWERON";
		}
		throw new Error(`expected the device to settle within ${most} boots, got ${JSON.stringify(this.told)}`);
	}

	/** Version of the mod that XS would take now. The SDK's looks at the begin alone, so what has one must be whole. */
	get mapped(): string | undefined {
		const bytes = this.flash.read(table.find("xs").offset, table.find("xs").size);
		const taken = [oldMod, this.#mod].some((mod) => mod.subarray(0, Key).equals(bytes.subarray(0, Key)));
		const version = readMod(bytes)?.identity.version;
		if (taken && !version) throw new Error("expected no mod or a whole one, got a begin without the rest");
		return version;
	}

	get store(): VirtualStore {
		return new VirtualStore(new Nvs(this.flash, table.find("nvs")), "sw");
	}

	#life(reset: ResetReason): End {
		try {
			return this.#run(reset);
		} catch (error) {
			if (error instanceof PowerCut) return "power cut";
			if (error instanceof EspError) return "crash"; // the bootloader's own command failed
			throw error;
		}
	}

	#run(resetReason: ResetReason): End {
		let end: End | undefined;
		const restart = () => {
			end ??= "restart";
		};
		const started = boot(this.flash, table);
		const slots = new VirtualSlots({ flash: this.flash, table, boot: started, restart });
		const ran = this.mapped;
		const region = new PartitionRegion(this.flash, table.find("xs"));
		const mods: Mods = {
			...{ size: region.size, magic: ModMagic, mapped: ran !== undefined },
			identity: { target: Target, xs: XSVersion },
			erase: (offset) => region.erase(offset),
			write: (...args) => region.write(...args),
			read: (...args) => region.read(...args),
		};
		const { store } = this;
		const slot = new ModSlots({ slots, mods, store, title: "app", resetReason, restart });
		if (!this.flash.powered) return "power cut";
		if (end) return end;
		const report = (values: JSONObject, callback?: (error: Error | null) => void) => {
			if (!this.flash.powered) return; // what is not alive says nothing
			this.told.push({ ran, values });
			callback?.(null);
		};
		const random = () => this.boots * 1000;
		const common = { slots: slot, mods, store, digest: Digest, report, random, source: this.server };
		const software = new Software({ ...common, onReady: restart });
		this.server.pending.length = 0;
		clock.advance(0);
		const isNew = ran === "m2" && slot.running.state === "PENDING_VERIFY";
		if (isNew && this.#script === "crashes") end = "crash";
		else if (isNew && this.#script === "fails its check") software.fail("no sensor");
		if (this.flash.powered && !end) connect(software, offerOf(this.#mod));
		for (let quiet = 0; !end && this.flash.powered && quiet < Quiet; ) {
			if (this.server.answer(software)) quiet = 0;
			else clock.advance(1_000);
			quiet += 1_000;
		}
		software.close();
		return this.flash.powered ? (end ?? "settled") : "power cut";
	}
}

function connect(software: Software, offer: JSONObject): void {
	software.connected();
	for (const proof of ["acknowledged", "application"] as const) software.prove(proof);
	software.offer(offer);
}

/** What it told was so when it was told. */
function holdTruth(device: ModDevice): void {
	for (const { ran, values } of device.told) {
		const said = values.current_sw_version;
		const isTrue = said === ran || (said === "none" && !ran) || (said === "unknown" && ran === "m1");
		if (said !== undefined && !isTrue) throw new Error(`told that ${said} runs, it was ${ran}`);
		if (values.sw_state === "UPDATED" && ran !== "m2") throw new Error(`told UPDATED while ${ran} ran`);
	}
}

const lastOf = (device: ModDevice): JSONObject | undefined =>
	device.told.filter(({ values }) => values.sw_state !== undefined).at(-1)?.values;

/** What must be true of a device that has settled after a command of flash has failed: it may have given up, and says so. */
export function holdFailed(device: ModDevice): void {
	holdTruth(device);
	const { mapped } = device;
	const state = lastOf(device)?.sw_state;
	if (state !== (mapped === "m2" ? "UPDATED" : "FAILED"))
		throw new Error(`settled with ${mapped}, told ${state}: ${JSON.stringify(device.told)}`);
}

/** What must be true of a device that has settled, whatever was cut. */
export function hold(device: ModDevice, script: Script): void {
	holdTruth(device);
	const { mapped } = device;
	const last = lastOf(device);
	const wanted = script === "confirms" ? ["m2", "UPDATED"] : [undefined, "FAILED"];
	if (String([mapped, last?.sw_state]) !== String(wanted))
		throw new Error(`expected ${wanted}, got ${mapped} ${last?.sw_state}: ${JSON.stringify(device.told)}`);
	if (device.store.get("trial") !== undefined) throw new Error("expected no record of a trial, got one");
	if (script !== "confirms" && device.store.get("quarantine") === undefined)
		throw new Error("expected a quarantine, got none");
}

/** Flash commands of a whole undisturbed story. */
export function count(script: Script, start: Start, size?: Size): number {
	const device = new ModDevice(script, start, 1, size);
	const before = device.flash.operations;
	device.live(9);
	hold(device, script);
	return device.flash.operations - before;
}
