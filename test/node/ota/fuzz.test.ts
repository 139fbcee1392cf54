// Any delivery: duplicate, reordered, lost, short, long, stale and foreign chunks, lost connections, refusals, pushes of attributes, pauses. The
// right image or a clean stop, never a corrupt write, never a hang, never more requests than the budget.
import fc from "fast-check";
import type Updater from "ota";
import { clock } from "../../fakes/clock.ts";
import type { Request } from "../../fakes/server.ts";
import { imageOf, packageOf, Rig } from "../../modules/ota/rig.ts";

const Runs = process.env.TEST_LONG === "1" ? 1_000_000 : 20_000;
const Batch = 5_000; // memory of a run of fast-check grows with its runs
const Steps = 40;

/** One thing that happens, readable when fast-check has shrunk the schedule. */
type Step = [
	(
		| "answer"
		| "answer another"
		| "lose"
		| "duplicate"
		| "wrong length"
		| "empty"
		| "foreign"
		| "late"
		| "wait"
		| "wait long"
		| "reconnect"
		| "refuse"
		| "accept"
		| "telemetry interval"
		| "same package"
		| "other package"
		| "first package"
		| "take back"
		| "pause"
		| "go on"
	),
	number,
];

const names: Step[0][] = [
	...([
		"answer",
		"answer",
		"answer",
		"answer",
		"answer",
		"answer another",
		"lose",
		"duplicate",
		"wrong length",
	] as const),
	...(["empty", "foreign", "late", "wait", "wait long", "reconnect", "refuse", "accept"] as const),
	...(["telemetry interval", "same package", "pause", "go on"] as const),
	...(["other package", "first package", "take back"] as const),
];

const schedules = fc.record({
	size: fc.integer({ min: 24, max: 12_000 }),
	chunkSize: fc.constantFrom(100, 512, 1000, 4096, 5000, 16_384),
	fragment: fc.integer({ min: 1, max: 3000 }),
	steps: fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(200)), { maxLength: Steps }),
});

type Schedule = typeof schedules extends fc.Arbitrary<infer T> ? T : never;

interface Play {
	rig: Rig;
	updater: Updater;
	past: Request[];
	connects: number;
	/** The two packages that may be assigned. */
	first: Uint8Array<ArrayBuffer>;
	other: Uint8Array<ArrayBuffer>;
}

/** The server deletes what does not apply in a message of its own, before or after the values. */
function assign({ rig, updater }: Play, version: string, image: Uint8Array<ArrayBuffer>): void {
	if (updater.state === "UPDATING") return; // too late: the slot is switched
	rig.server.image = image;
	updater.offer(packageOf(image, version));
	updater.withdraw(["fw_tag", "fw_url"]);
}

function act(play: Play, [name, value]: Step): void {
	const { rig, updater, past } = play;
	const { server } = rig;
	const [request] = server.pending;
	if (name === "answer") server.answer(updater);
	else if (name === "answer another") server.answer(updater, value % Math.max(server.pending.length, 1));
	else if (name === "lose")
		past.push(...server.pending.splice(value % Math.max(server.pending.length, 1), 1));
	else if (name === "duplicate" && request) server.deliver(updater, request);
	else if (name === "wrong length" && request) server.deliver(updater, request, imageOf(1 + value));
	else if (name === "empty" && request) server.deliver(updater, request, new Uint8Array(0));
	else if (name === "foreign" && request)
		server.deliver(updater, { ...request, request: request.request + 1 + value });
	else if (name === "late" && past[0]) server.deliver(updater, past[0]);
	else if (name === "wait") clock.advance(10 * value);
	else if (name === "wait long") clock.advance(500 * value);
	else if (name === "refuse") server.accepts = false;
	else if (name === "telemetry interval") updater.offer({ telemetryInterval: value });
	else if (name === "same package")
		updater.offer(packageOf(server.image, server.image === play.first ? "v2" : "v3"));
	else if (name === "other package") assign(play, "v3", play.other);
	else if (name === "first package") assign(play, "v2", play.first);
	else if (name === "take back") updater.withdraw(["fw_title", "fw_version", "fw_size"]);
	else if (name === "pause") updater.pause();
	else if (name === "go on") updater.resume();
	else if (name === "accept") {
		server.accepts = true;
		updater.writable();
	}
}

function play({ size, chunkSize, fragment, steps }: Schedule): void {
	const rig = new Rig(size, 65_536);
	rig.server.fragment = fragment;
	const other = imageOf(24 + ((7 * size) % 9_000), 3);
	const scene: Play = {
		...{ rig, updater: rig.updater({ chunkSize }), past: [], connects: 1 },
		...{ first: rig.server.image, other },
	};
	const { updater, past } = scene;
	updater.connected();
	updater.offer(packageOf(rig.server.image));
	for (const step of steps)
		if (step[0] === "reconnect") {
			scene.connects++;
			updater.disconnected();
			rig.server.connect();
			past.push(...rig.server.pending.splice(0));
			clock.advance(step[1]);
			updater.connected();
		} else act(scene, step);
	settle(scene);
	hold(scene, steps.length, size);
	updater.close();
	if (clock.armed) throw new Error(`expected no timer after close, ${clock.armed} are armed`);
}

/** From here on the world behaves. */
function settle({ rig, updater }: Play): void {
	rig.server.accepts = true;
	updater.resume();
	updater.writable();
	for (let download = 0; download < 2; download++) rig.serve(updater, 2_000); // bytes of a right length may have been wrong
	clock.advance(100);
}

function hold({ rig, updater, connects, first }: Play, steps: number, size: number): void {
	const { server, slots, errors } = rig;
	if (server.pastEnd) throw new Error(`${server.pastEnd} requests past the end`);
	if (updater.state === "UPDATING") {
		if (Buffer.compare(rig.stored, server.image)) throw new Error("a corrupt image");
		const { version } = JSON.parse(String(rig.store.values.get("trial")));
		if (version !== (server.image === first ? "v2" : "v3")) throw new Error(`the wrong package: ${version}`);
	} else if (updater.state === "IDLE") {
		if (slots.boot !== 0) throw new Error("idle, and the boot slot is switched");
	} else if (
		updater.state !== "FAILED" ||
		slots.boot !== 0 ||
		!/^OTA_(TIMEOUT|DELIVERY|CHECKSUM|IMAGE|WITHDRAWN)/.test(String(errors.at(-1)))
	)
		throw new Error(`ended in ${updater.state}: ${errors.at(-1)}`);
	// The header and each chunk once; what was in flight again after each connection and each try in vain, which only steps cause.
	const smallest = Math.min(...server.asked.map((request) => request.size), 100);
	const assigns = 1 + steps;
	const budget = 1 + assigns * Math.ceil(Math.max(size, 9_024) / smallest) + (connects + steps + 10) * 17;
	if (server.asked.length > budget)
		throw new Error(`expected at most ${budget} requests, got ${server.asked.length}`);
}

describe(`${Runs} deliveries`, function () {
	this.timeout(Runs > Batch * 10 ? 3_600_000 : 60_000);
	const fresh = Date.now() % 1_000_000;
	for (const seed of [1, fresh])
		it(`end with the right image or a clean stop (seed ${seed})`, () => {
			for (let run = 0; run < Runs / 2; run += Batch)
				fc.assert(fc.property(schedules, play), { numRuns: Math.min(Batch, Runs / 2), seed: seed + run });
		});
});
