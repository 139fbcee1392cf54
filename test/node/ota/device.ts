// A whole device in this process: virtual flash, bootloader, NVS and slots under the real Updater and Trial, on a clock that is told.
import { Digest } from "crypt";
import type { JSONObject, ResetReason, Store } from "host/contract";
import Updater from "ota";
import type { Stage } from "ota/states";
import Trial from "ota/trial";
import { type Boot, boot } from "../../../hosts/virtual/bootloader.ts";
import { EspError } from "../../../hosts/virtual/esperr.ts";
import { NorFlash, PowerCut } from "../../../hosts/virtual/flash.ts";
import { Nvs } from "../../../hosts/virtual/nvs.ts";
import { readPartitions } from "../../../hosts/virtual/partitions.ts";
import { VirtualSlots } from "../../../hosts/virtual/slots.ts";
import { VirtualStore } from "../../../hosts/virtual/store.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeServer } from "../../fakes/server.ts";
import { holdMoves, trialMoves, updaterMoves } from "../../modules/ota/rig.ts";
import { Faults } from "./faults.ts";
import { oldImage, type Script, type Story } from "./story.ts";

/** How a life ended. */
type End = "settled" | "restart" | "crash" | "power cut";

const table = readPartitions();
const Turns = 4_000;
const Quiet = 70_000; // ms, more than the longest deadline, in which nothing happens: everything has settled

/** Telemetry, with what ran and whether it was confirmed when it was sent. */
interface Told {
	version: string;
	confirmed: boolean;
	values: JSONObject;
}

export class Device {
	readonly flash: NorFlash;
	readonly server: FakeServer;
	readonly told: Told[] = [];
	/** Boots that went on with what flash kept: the first byte asked for. */
	readonly resumed: number[] = [];
	/** Restarts and power cuts so far; power cuts alone. */
	boots = 0;
	cuts = 0;
	readonly story: Story;
	readonly #faults: Faults;

	constructor(story: Story, seed = 1, faults = new Faults()) {
		clock.reset();
		this.story = story;
		this.#faults = faults;
		this.server = new FakeServer(story.image);
		this.flash = new NorFlash({ seed });
		this.flash.write(table.find("ota_0").offset, oldImage);
	}

	/** Lives until everything has settled; `onPowerCut` may arm the next cut. Throws when it does not settle. */
	live(most: number, onPowerCut: () => void = () => {}): void {
		for (let reason: ResetReason = "POWERON"; this.boots < most; this.boots++) {
			const { length } = this.server.asked;
			const end = this.#life(reason);
			const { index = 0, size = 0 } = this.server.asked[length] ?? {};
			if (index > 0) this.resumed.push(index * size);
			clock.reset();
			if (end === "settled") return;
			if (end === "power cut") {
				this.cuts++;
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
			return this.#run(started, this.#faults.store(this.store), resetReason);
		} catch (error) {
			if (error instanceof PowerCut) return "power cut";
			if (error instanceof EspError) return "restart"; // the boot loader failed: it resets
			throw error;
		}
	}

	#run(started: Boot, store: Store, resetReason: ResetReason): End {
		let end: End | undefined;
		const restart = () => {
			end ??= "restart";
		};
		const chip = new VirtualSlots({ flash: this.flash, table, boot: started, restart });
		const slots = this.#faults.slots(chip);
		const version = started.image.identity?.version ?? "none";
		const current = { title: "app", version };
		const report = this.#faults.report((values, callback) => {
			if (!this.flash.powered) return; // what is not alive says nothing
			this.told.push({ version, confirmed: chip.running.state === "VALID", values });
			callback?.(null);
		});
		const common = { current, slots, store, report, digest: Digest, onReady: restart };
		const { script, offer, inspect } = this.story;
		const updater = new Updater({
			...{ ...common, source: this.server, random: () => this.boots * 1000, onState: updaterMoves() },
			...(inspect && { inspect }),
		});
		const moves = trialMoves();
		const onStage = (stage: Stage) => {
			moves(stage);
			if (stage === "TRIAL" && script === "crashes") end ??= "crash";
		};
		const trial = new Trial({ ...common, resetReason, onStage });
		if (version === "v2" && script === "fails its check") trial.fail("no sensor");
		this.server.pending.length = 0;
		clock.advance(0);
		if (this.flash.powered && !end) connect(updater, trial, offer, script);
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

function connect(updater: Updater, trial: Trial, offer: JSONObject, script: Script): void {
	updater.connected();
	trial.prove("connected");
	trial.prove("acknowledged");
	if (script === "confirms") trial.prove("application");
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
	holdMoves();
	const { image, state } = device.running;
	const states = device.told.filter(({ values }) => values.fw_state !== undefined);
	const got = `${image.identity?.version} ${states.at(-1)?.values.fw_state}`;
	if (!ends.includes(got) || state === "PENDING_VERIFY")
		throw new Error(`expected ${ends.join(" or ")}, got ${got} ${state}: ${JSON.stringify(states)}`);
}

/** After any life that has settled, but for what the script says nothing went wrong in. */
export function hold(device: Device): void {
	const { script } = device.story;
	holdOneOf(device, [script === "confirms" ? "v2 UPDATED" : "v1 FAILED"]);
	if (device.store.get("trial") !== undefined) throw new Error("expected no record of a trial, got one");
	if (script !== "confirms" && device.store.get("quarantine") === undefined)
		throw new Error("expected a quarantine, got none");
}

/** Flash commands of a whole undisturbed story. */
export function count(story: Story): number {
	const device = new Device(story);
	const before = device.flash.operations;
	device.live(9);
	hold(device);
	return device.flash.operations - before;
}
