// `npm run publish-firmware`: an image goes to ThingsBoard, is assigned, and the update is followed to its end.
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildFirmware, buildMod } from "../hosts/virtual/factory.ts";
import { args } from "./args.ts";
import { type Body, idOf, RestClient } from "./peer/rest.ts";
import { CheckError, checkIdentity, checkMod, checkSecrets, checkSize, modSize } from "./publish/check.ts";
import { follow, prefixOf, type Times, timesOf } from "./publish/follow.ts";
import { assign, findGoal, type Goal, profileOf, tokenOf, upload } from "./publish/package.ts";
import { KeyError, publicPoint, readKey, signPackage } from "./publish/sign.ts";
import { done, progress } from "./start/show.ts";

const options = args({
	command: "npm run publish-firmware --",
	about: `Checks an image (fits a slot, is who it says, holds no secret), signs it if asked, uploads it to ThingsBoard, assigns it
to a device or a profile, and follows the update until UPDATED or FAILED. Status 0 for UPDATED, 1 for FAILED or nothing, 2 for a mistake.
TB_USER and TB_PASSWORD log in (default: the stand-in's).`,
	options: {
		host: { help: "ThingsBoard's REST address", value: "URL", default: "http://127.0.0.1:8080" },
		type: { help: "firmware, or software: a mod", value: "TYPE", default: "firmware" },
		title: { help: "title of the package; default: package.json's name", value: "TEXT" },
		version: { help: "its version; default: package.json's", value: "X.Y.Z" },
		image: { help: "the image; without it one for the virtual board is built", value: "FILE" },
		app: {
			help: "with no --image: the application to build instead of app.ts, of software the mod",
			value: "FILE",
		},
		sign: { help: "private key on P-256 in PEM: sign the package", value: "PEM" },
		assign: { help: "who gets it: device=NAME or profile=NAME", value: "WHO" },
		profile: {
			help: "without --assign: the profile that the package is for",
			value: "NAME",
			default: "default",
		},
		out: { help: "keep the package in this file too", value: "FILE" },
		patience: { help: "seconds to follow the update", value: "S", default: "600" },
		"dry-run": { help: "check and sign, upload nothing" },
		json: { help: "one JSON object on stdout, everything else on stderr" },
	},
});

const root = fileURLToPath(new URL("..", import.meta.url));
const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { name: string; version: string };
const title = options.title ?? own.name;
const version = options.version ?? own.version;
const type = options.type === "software" ? "SOFTWARE" : "FIRMWARE";
const { TB_USER: user = "tenant@thingsboard.org", TB_PASSWORD: password = "tenant" } = process.env;

const step = (name: string, seen: string): void => {
	if (options.json) console.error(`${name}: ${seen}`);
	else done(name, seen);
};

async function image(): Promise<Buffer> {
	if (options.image) return readFileSync(options.image);
	const { app } = options;
	if (type === "SOFTWARE") return buildMod({ title, version, ...(app && { entry: resolve(app) }) });
	return buildFirmware({ title, version, build: randomBytes(6).toString("hex"), ...(app && { app }) });
}

function goalOf(text: string): Goal {
	const [kind, ...rest] = text.split("=");
	const name = rest.join("=");
	if ((kind !== "device" && kind !== "profile") || !name)
		throw new CheckError(`--assign: expected device=NAME or profile=NAME, got ${text}`);
	return { kind, name };
}

function signed(bytes: Buffer): Buffer {
	if (!options.sign) return bytes;
	const key = readKey(readFileSync(options.sign, "utf8"));
	step("signed", `public key ${publicPoint(key).toString("hex").slice(0, 16)}…`);
	return signPackage(bytes, key);
}

/** The package, checked. `secrets` by what they are. */
async function prepare(secrets: Record<string, string>): Promise<Uint8Array<ArrayBuffer>> {
	const bytes = await image();
	const claim = { title, version };
	const target = type === "SOFTWARE" ? checkMod(bytes, claim) : checkIdentity(bytes, claim);
	checkSecrets(bytes, secrets);
	const pack = signed(bytes);
	if (type === "SOFTWARE") checkSize(pack, modSize(), "the partition xs");
	else checkSize(pack);
	if (options.out) writeFileSync(options.out, pack);
	step("checked", `${title} ${version} for ${target}, ${pack.length} bytes, no secret found`);
	return new Uint8Array(pack);
}

const another = "give the new one another number: --version, or npm version patch --no-git-tag-version";

/** A device never takes the version that it runs, and says nothing to it. */
async function refuseSame(rest: RestClient, device: Body): Promise<void> {
	const keys = `current_${prefixOf(type)}_title,current_${prefixOf(type)}_version`;
	const path = `/api/plugins/telemetry/DEVICE/${idOf(device)}/values/timeseries?keys=${keys}`;
	const found = Object.values(await rest.ask("GET", path)) as [{ value: unknown }][];
	const running = found.map(([point]) => String(point?.value));
	if (running.includes(title) && running.includes(version))
		throw new CheckError(`the device runs ${title} ${version} already: ${another}`);
}

async function publish(): Promise<number> {
	if (!["firmware", "software"].includes(options.type))
		throw new CheckError(`--type: expected firmware or software, got ${options.type}`);
	if (options["dry-run"]) {
		await prepare({ "the REST password": password });
		return tell({ state: "CHECKED" }, 0);
	}
	const rest = new RestClient(options.host);
	await rest.login(user, password);
	const goal = goalOf(options.assign ?? `profile=${options.profile}`);
	const found = await findGoal(rest, goal);
	const token = goal.kind === "device" ? await tokenOf(rest, found) : "";
	if (goal.kind === "device") await refuseSame(rest, found);
	const bytes = await prepare({ "the REST password": password, "the device's credentials": token });
	const id = await upload(rest, { title, version, type, bytes }, profileOf(goal, found));
	step("uploaded", `package ${id}`);
	if (!options.assign) return tell({ id, state: "UPLOADED" }, 0);
	const before = goal.kind === "device" ? await timesOf(rest, found, prefixOf(type)) : {};
	await assign(rest, goal, found, type, id);
	step("assigned", options.assign);
	if (goal.kind === "profile") return tell({ id, state: "ASSIGNED" }, 0);
	return watch(rest, found, before, id, bytes.length);
}

async function watch(
	rest: RestClient,
	device: Body,
	before: Times,
	id: string,
	size: number,
): Promise<number> {
	let last = "";
	const patience = Number(options.patience) * 1000;
	const sight = await follow(rest, device, {
		...{ prefix: prefixOf(type), before, patience },
		onSight({ state, progress: percent }) {
			if (state !== last && state) step(`${prefixOf(type)}_state ${state}`, "reported");
			last = state;
			if (state === "DOWNLOADING" && !options.json) progress(Math.floor((percent * size) / 100), size);
		},
	});
	const { state, error } = sight;
	if (state === "FAILED") console.error(`publish: the device says FAILED: ${error}`);
	else if (state !== "UPDATED")
		console.error(`publish: expected UPDATED within ${options.patience} s, got ${state || "nothing"}`);
	return tell({ id, state, error }, state === "UPDATED" ? 0 : 1);
}

function tell(report: Body, status: number): number {
	if (options.json) console.log(JSON.stringify({ title, version, ...report }));
	return status;
}

publish().then(
	(status) => {
		process.exitCode = status;
	},
	(error: Error) => {
		const cure = error.message.includes("already exists") ? ` (${another})` : "";
		console.error(`publish: ${error.message}${cure}`);
		process.exitCode = error instanceof CheckError || error instanceof KeyError ? 2 : 1;
	},
);
