// A whole device in this process: virtual flash, bootloader, NVS and slots under the real Updater and Trial, on a clock that is told.
import { createHash } from "node:crypto";
import { Digest } from "crypt";
import type { JSONObject, ResetReason } from "host/contract";
import Updater from "ota";
import Trial from "ota/trial";
import { type Boot, boot } from "../../../hosts/virtual/bootloader.ts";
import { EspError } from "../../../hosts/virtual/esperr.ts";
import { type CutMode, NorFlash, PowerCut } from "../../../hosts/virtual/flash.ts";
import { buildImage } from "../../../hosts/virtual/image.ts";
import { Nvs } from "../../../hosts/virtual/nvs.ts";
import { readPartitions } from "../../../hosts/virtual/partitions.ts";
import { VirtualSlots } from "../../../hosts/virtual/slots.ts";
import { VirtualStore } from "../../../hosts/virtual/store.ts";
import { Target, XSVersion } from "../../../hosts/virtual/target.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeServer } from "../../fakes/server.ts";

/** What the new firmware does on trial. */
export type Script = "confirms" | "fails its check" | "crashes";

/** How a life ended. */
type End = "settled" | "restart" | "crash" | "power cut";

const table = readPartitions();
const Turns = 4_000;
const Quiet = 40_000; // ms in which nothing happens: everything has settled

export function imageOf(version: string, payload: number): Buffer {
	const identity = { title: "app", version, target: Target, xs: XSVersion };
	return buildImage({ identity, payload: Buffer.alloc(payload, version) });
}

const oldImage = imageOf("v1", 4_000);
const newImage = imageOf("v2", 64_000);

export const offer: JSONObject = {
	fw_title: "app",
	fw_version: "v2",
	fw_size: newImage.length,
	fw_checksum_algorithm: "SHA256",
	fw_checksum: createHash("sha256").update(newImage).digest("hex"),
};

/** Telemetry, with what ran and whether it was confirmed when it was sent. */
interface Told {
	version: string;
	confirmed: boolean;
	values: JSONObject;
}

export class Device {
	readonly flash: NorFlash;
	readonly server = new FakeServer(Uint8Array.from(newImage));
	readonly told: Told[] = [];
	/** Restarts and power cuts so far. */
	boots = 0;
	readonly #script: Script;

	constructor(script: Script, seed = 1) {
		clock.reset();
		this.#script = script;
		this.flash = new NorFlash({ seed });
		this.flash.write(table.find("ota_0").offset, oldImage);
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

	/** What runs, as the bootloader would start it now. */
	get running(): Boot {
		return boot(this.flash, table);
	}

	get store(): VirtualStore {
		return new VirtualStore(new Nvs(this.flash, table.find("nvs")), "ota");
	}

	#life(resetReason: ResetReason): End {
		try {
			const started = boot(this.flash, table);
			return this.#run(started, this.store, resetReason);
		} catch (error) {
			if (error instanceof PowerCut) return "power cut";
			if (error instanceof EspError) return "restart"; // the boot loader failed: it resets
			throw error;
		}
	}

	#run(started: Boot, store: VirtualStore, resetReason: ResetReason): End {
		let end: End | undefined;
		const restart = () => {
			end ??= "restart";
		};
		const slots = new VirtualSlots({ flash: this.flash, table, boot: started, restart });
		const version = started.image.identity?.version ?? "none";
		const current = { title: "app", version };
		const report = (values: JSONObject, callback?: (error: Error | null) => void) => {
			if (!this.flash.powered) return; // what is not alive says nothing
			this.told.push({ version, confirmed: slots.running.state === "VALID", values });
			callback?.(null);
		};
		const common = { current, slots, store, report, digest: Digest, onReady: restart };
		const updater = new Updater({ ...common, source: this.server, random: () => this.boots * 1000 });
		const trial = new Trial({ ...common, resetReason });
		this.server.pending.length = 0;
		clock.advance(0);
		if (trial.stage === "TRIAL" && this.#script === "crashes") end = "crash";
		else if (trial.stage === "TRIAL" && this.#script === "fails its check") trial.fail("no sensor");
		if (this.flash.powered && !end) connect(updater, trial);
		for (let turn = 0, quiet = 0; !end && this.flash.powered && quiet < Quiet; turn++) {
			if (turn > Turns) throw new Error("expected an end, it goes on for ever");
			if (this.server.answer(updater)) quiet = 0;
			else clock.advance(1_000);
			quiet += 1_000;
		}
		updater.close();
		trial.close();
		if (!this.flash.powered) return "power cut";
		return end ?? "settled";
	}
}

function connect(updater: Updater, trial: Trial): void {
	updater.connected();
	for (const proof of ["connected", "acknowledged", "application"] as const) trial.prove(proof);
	updater.offer(offer);
}

/** What must be true whatever happened: what was told was so when it was told. */
function holdTruth({ told }: Device): void {
	for (const { version: ran, confirmed, values } of told) {
		const said = values.current_fw_version;
		if (said !== undefined && said !== ran) throw new Error(`told that ${said} runs, it was ${ran}`);
		if (values.fw_state === "UPDATED" && !(ran === "v2" && confirmed))
			throw new Error(`told UPDATED while ${ran} ran, ${confirmed ? "" : "not "}confirmed`);
	}
}

/** After any life that has settled: one of these ends, and the last word is about it. */
export function holdOneOf(device: Device, ends: readonly string[]): void {
	holdTruth(device);
	const { image, state } = device.running;
	const states = device.told.filter(({ values }) => values.fw_state !== undefined);
	const got = `${image.identity?.version} ${states.at(-1)?.values.fw_state}`;
	if (!ends.includes(got) || state === "PENDING_VERIFY")
		throw new Error(`expected ${ends.join(" or ")}, got ${got} ${state}: ${JSON.stringify(states)}`);
}

/** After any life that has settled, but for what the script says nothing went wrong in. */
export function hold(device: Device, script: Script): void {
	holdOneOf(device, [script === "confirms" ? "v2 UPDATED" : "v1 FAILED"]);
	if (device.store.get("trial") !== undefined) throw new Error("expected no record of a trial, got one");
	if (script !== "confirms" && device.store.get("quarantine") === undefined)
		throw new Error("expected a quarantine, got none");
}

/** Flash commands of a whole undisturbed story. */
export function count(script: Script): number {
	const device = new Device(script);
	const before = device.flash.operations;
	device.live(9);
	hold(device, script);
	return device.flash.operations - before;
}

export type { CutMode };
