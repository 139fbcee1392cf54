// The steps of `npm test`. Each runs in processes of its own and tells what passed, failed and was skipped.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readList } from "../mutate/known.ts";
import { recorded } from "./coverage.ts";
import { check, none, type Results, sum } from "./results.ts";
import { filter, run, scratch, specs, specsIn, tool } from "./run.ts";

const SpecTimeout = 10_000; // ms; a spec waits for events, so only a hang meets it
const SceneTimeout = 180_000; // ms; a whole update at the speed of real flash, on two busy cores
const observed = { NODE_V8_COVERAGE: recorded };

/** One step: its header and what it does. */
export interface Step {
	name: string;
	run(): Promise<Results>;
}

/** Strict TypeScript over the whole project, and over the page and its specs, which alone have a DOM: one check each. */
export async function types(): Promise<Results> {
	const check = (folder: string) => tool(`types of ${folder}`, "tsc", ["--noEmit", "-p", folder]);
	return sum([await check("."), await check("thingsboard/page"), await check("test/page")]);
}

/** Format and lint: one check. */
export const lint = (): Promise<Results> => tool("lint", "biome", ["check", "--colors=off", "."]);

/** Specs of the device's code, on Node over fakes of the host's modules; those in test/node need Node and do not run in XS. */
export async function moduleSpecs(): Promise<Results> {
	const files = await specsIn("test/modules", "test/node");
	const env = { ...observed, TS_PATHS: "test/paths.json" };
	return specs("module specs on Node", files, { timeout: SpecTimeout, env });
}

/** Specs of the hosts, the stand-in and the tools, side by side: two cores, two processes. Those of the SDK need one. */
export async function nodeSpecs(): Promise<Results> {
	const options = { timeout: SpecTimeout, env: observed };
	const [tools, rest] = await Promise.all([specsIn("test/tools"), specsIn("test/hosts", "test/thingsboard")]);
	return sum(await Promise.all([specs("tool specs", tools, options), specs("Node specs", rest, options)]));
}

/** Specs of the chip's host: its own files over fakes of the SDK's modules and of ESP-IDF's functions. */
export async function chipSpecs(): Promise<Results> {
	const env = { ...observed, TS_PATHS: "test/esp32/paths.json" };
	return specs("specs of the ESP32 host", await specsIn("test/esp32"), { timeout: SpecTimeout, env });
}

/**
 * Our MQTT contract over the SDK's own client, where `MODDABLE` names an SDK. What builds and runs the application with the SDK's
 * tools belongs to `npm run test:sdk`. Each file that is left out counts as skipped.
 */
export async function sdkSpecs(): Promise<Results> {
	const files = await specsIn("test/sdk");
	const quick = process.env.MODDABLE ? files.filter((file) => file.includes("mqtt")) : [];
	const results = await specs("SDK specs", quick, {
		timeout: SpecTimeout,
		env: { TS_PATHS: "test/paths.json" },
	});
	const left = { count: files.length - quick.length, reason: "needs the SDK (npm run test:sdk)" };
	return { ...results, skipped: [...results.skipped, left] };
}

/** The same module specs inside the XS engine. */
export async function xsSpecs(): Promise<Results> {
	const out = join(scratch, "xs.json");
	mkdirSync(scratch, { recursive: true });
	const node = ["--enable-source-maps", "--import", "./tools/ts.mjs", "tools/test/xs.ts"];
	const status = await run(process.execPath, [...node, out, filter.only]);
	if (existsSync(out)) return JSON.parse(readFileSync(out, "utf8")) as Results;
	return { ...none(), failed: 1, failures: [`inside XS: the run broke off with ${status}`] };
}

/** Board and stand-in as processes, over sockets. */
export async function scenes(): Promise<Results> {
	return specs("end to end", await specsIn("test/e2e"), { timeout: SceneTimeout });
}

/** The stand-in's page in a browser without a window. */
export async function pageSpecs(): Promise<Results> {
	return specs("page", await specsIn("test/page"), { timeout: SpecTimeout });
}

/** Clients that others wrote, against the stand-in. */
export async function peerSpecs(): Promise<Results> {
	return specs("clients of others", await specsIn("test/peers"), { timeout: SpecTimeout });
}

/** A file whose survivors nobody has judged is a hole in the step: each is a failure of its own. */
export function unjudged(open: string[]): Results {
	return sum(
		open.map((file) => check(`mutants of ${file}: expected its survivors judged, it is open`, false)),
	);
}

/** Mutation testing of modules/ota. It is no spec, so `--only` leaves it out. */
export async function mutants(): Promise<Results> {
	if (filter.only) return none();
	const status = await run(process.execPath, ["--import", "./tools/ts.mjs", "tools/mutate.ts"]);
	return sum([check("mutants of modules/ota", status === 0), unjudged(readList().open)]);
}

/** What `npm test` does, in order. `fast` leaves out XS and the end-to-end suite; mutants are for TEST_LONG. */
export function steps(fast: boolean): Step[] {
	const quick: Step[] = [
		{ name: "Types (tsc)", run: types },
		{ name: "Format and lint (biome)", run: lint },
		{ name: "Specs of modules and guards, on Node", run: moduleSpecs },
		{ name: "Specs of hosts, stand-in and tools, on Node", run: nodeSpecs },
		{ name: "Specs of hosts/esp32 over fakes of SDK and ESP-IDF", run: chipSpecs },
		{ name: "Specs over the SDK", run: sdkSpecs },
	];
	const slow: Step[] = [
		{ name: "Specs of modules and guards, inside XS", run: xsSpecs },
		{ name: "Clients of others: Python SDK, mosquitto, MQTT.js", run: peerSpecs },
		{ name: "The stand-in's page, in Chromium", run: pageSpecs },
		{ name: "End to end: virtual board and stand-in", run: scenes },
	];
	if (fast) return quick;
	const long: Step[] = [{ name: "Mutants of modules/ota", run: mutants }];
	return [...quick, ...slow, ...(process.env.TEST_LONG === "1" ? long : [])];
}
