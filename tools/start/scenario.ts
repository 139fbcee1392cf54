// The life of a device in steps. Every step is read back from the server by REST: the board's own word counts for nothing.
import type { Point, Rest } from "./rest.ts";
import * as show from "./show.ts";

const Pause = 150; // ms between two questions to the server

/** The firmware that is offered during the run. */
export interface Offer {
	title: string;
	version: string;
	build: string;
	image: Uint8Array<ArrayBuffer>;
}

/** What the steps need to know. */
export interface Scene {
	/** Seconds a step may take. */
	patience: number;
	rest: Rest;
	deviceId: string;
	/** Epoch ms: only what was stored after this counts. */
	since: number;
	/** Builds the next firmware; called when its step has come. */
	offer(current: string): Promise<Offer>;
	/** Resolves with the reason when the board's process has ended: then no step can follow. */
	gone: Promise<string>;
}

interface Step {
	name: string;
	/** Asks the server once; a text is what was seen, undefined means not yet. */
	seen(scene: Scene): Promise<string | undefined>;
}

const latest = async ({ rest, deviceId, since }: Scene, key: string): Promise<Point | undefined> =>
	(await rest.series(deviceId, key, since)).at(-1);

const client = (scene: Scene) => scene.rest.attributes(scene.deviceId, "CLIENT_SCOPE");

/** Steps up to the offer. */
function living(scene: Scene): Step[] {
	const lamp = scene.since % 2 === 0;
	return [
		{
			name: "telemetry",
			async seen() {
				const point = await latest(scene, "build");
				return point && `build ${point.value}, temperature ${(await latest(scene, "temperature"))?.value}`;
			},
		},
		{
			name: "client attributes",
			async seen() {
				const { host, slot, resetReason } = await client(scene);
				return host && slot ? `host ${host}, slot ${slot}, reset ${resetReason}` : undefined;
			},
		},
		{
			name: "shared attribute obeyed",
			async seen() {
				await scene.rest.share(scene.deviceId, { telemetryInterval: 1 });
				const { telemetryInterval } = await client(scene);
				return telemetryInterval === 1 ? "telemetryInterval 1 s" : undefined;
			},
		},
		{
			name: "RPC answered",
			async seen() {
				const answer = await scene.rest.rpc(scene.deviceId, "setLamp", lamp);
				return answer.lamp === lamp ? `setLamp(${lamp}) → ${JSON.stringify(answer)}` : undefined;
			},
		},
	];
}

/** Steps from the offer to the new firmware's telemetry. */
function updating(scene: Scene, { version, build }: Offer): Step[] {
	let slot: unknown; // that runs while the new firmware is fetched
	const state = (name: string): Step => ({
		name: `fw_state ${name}`,
		async seen() {
			const states = await scene.rest.series(scene.deviceId, "fw_state", scene.since);
			const failed = states.find(({ value }) => value === "FAILED");
			if (failed) throw new Error(`fw_state FAILED: ${(await latest(scene, "fw_error"))?.value}`);
			return states.some(({ value }) => value === name) ? "reported" : undefined;
		},
	});
	return [
		{
			name: "fw_state DOWNLOADING",
			// A board that was cut off in an earlier update may finish that one first: only what follows counts.
			async seen() {
				const seen = await state("DOWNLOADING").seen(scene);
				const states = await scene.rest.series(scene.deviceId, "fw_state", scene.since);
				scene.since = states.find(({ value }) => value === "DOWNLOADING")?.ts ?? scene.since;
				if (seen) slot = (await client(scene)).slot;
				return seen;
			},
		},
		...["DOWNLOADED", "VERIFIED", "UPDATING"].map(state),
		{
			name: "restart into the other slot",
			async seen() {
				const now = (await client(scene)).slot;
				return now !== slot ? `${slot} → ${now}` : undefined;
			},
		},
		state("UPDATED"),
		{
			name: "confirmed version",
			async seen() {
				const point = await latest(scene, "current_fw_version");
				return point?.value === version ? `current_fw_version ${version}` : undefined;
			},
		},
		{
			name: "telemetry of the new build",
			async seen() {
				const point = await latest(scene, "build");
				return point?.value === build ? `build ${build}, drawn when the image was built` : undefined;
			},
		},
	];
}

/** Plays the whole scenario; resolves with the name of the first step that was not seen, or undefined. */
export async function play(scene: Scene): Promise<string | undefined> {
	const failed = await steps(scene, living(scene));
	if (failed) return failed;
	const current = (await latest(scene, "current_fw_version"))?.value ?? "";
	const offer = await scene.offer(current);
	scene.since = Date.now();
	const id = await scene.rest.firmware(offer.title, offer.version, offer.image);
	await scene.rest.assign(scene.deviceId, id);
	show.done(
		"firmware offered",
		`${current} → ${offer.version}, ${offer.image.length} bytes, build ${offer.build}`,
	);
	return steps(scene, updating(scene, offer));
}

async function steps(scene: Scene, list: Step[]): Promise<string | undefined> {
	for (const step of list) {
		const problem = await wait(scene, step);
		if (problem === undefined) continue;
		show.missing(step.name, problem);
		return step.name;
	}
	return undefined;
}

/** Asks until the step is seen. Resolves with the reason why it never will be, or undefined. */
async function wait(scene: Scene, step: Step): Promise<string | undefined> {
	const end = Date.now() + scene.patience * 1000;
	let gone: string | undefined;
	scene.gone.then((reason) => {
		gone = reason;
	});
	let last = "the server has nothing of it";
	while (Date.now() < end) {
		try {
			const seen = await step.seen(scene);
			if (seen !== undefined) return void show.done(step.name, seen);
		} catch (error) {
			last = error instanceof Error ? error.message : String(error);
			if (last.startsWith("fw_state FAILED")) return last;
		}
		if (gone !== undefined) return gone;
		await new Promise((resolve) => setTimeout(resolve, Pause));
	}
	return `not seen within ${scene.patience} s: ${last}`;
}
