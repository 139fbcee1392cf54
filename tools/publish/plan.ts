// What the command line asks for, checked before anything is done.
import { findIdentity } from "../../hosts/virtual/identity.ts";
import type { Claim } from "./check.ts";
import { CheckError } from "./errors.ts";
import { checkOutput, readInput } from "./files.ts";
import type { Goal } from "./goal.ts";
import type { Type } from "./package.ts";

/** The command line of `publish-firmware`. */
export interface Words {
	host: string;
	type: string;
	title?: string | undefined;
	version?: string | undefined;
	image?: string | undefined;
	app?: string | undefined;
	sign?: string | undefined;
	assign?: string | undefined;
	profile?: string | undefined;
	out?: string | undefined;
	patience: string;
	chip?: string | undefined;
	retitle: boolean;
}

/** What is to be done. */
export interface Plan extends Claim {
	type: Type;
	/** Who gets it, or the profile that it is for. */
	goal: Goal;
	isAssigned: boolean;
	/** Milliseconds. */
	patience: number;
	/** `esp_chip_id_t` of the devices. */
	chip: number;
	/** The devices may run another title. */
	retitle: boolean;
	image?: string | undefined;
	app?: string | undefined;
	sign?: string | undefined;
	out?: string | undefined;
}

/** `esp_chip_id_t` (esp_app_format.h) of the chips that there are targets for. */
const Chips: Readonly<Record<string, number>> = { esp32: 0, esp32c3: 5, esp32s3: 9 };
const LongestText = 255; // characters, ThingsBoard's limit; an identity record holds less, and says so when it is built
const LongestPatience = 604_800; // seconds: a week
const Contradictions = [
	["assign", "profile"],
	["image", "app"],
] as const;

/** The plan behind the words; `own` is what package.json says. @throws CheckError */
export function planOf(words: Words, own: { name: string; version: string }): Plan {
	checkWords(words);
	const { image, app, sign, out } = words;
	const { title, version } = claimOf(words, own);
	for (const [name, text] of Object.entries({ title, version }))
		if (text.length > LongestText)
			throw new CheckError(`--${name}: expected at most ${LongestText} characters, got ${text.length}`);
	if (sign !== undefined) readInput("--sign", sign);
	checkOutput(out, { image, sign });
	return {
		...{ title, version, image, app, sign, out, retitle: words.retitle },
		type: typeOf(words.type),
		goal: goalOf(words.assign ?? `profile=${words.profile ?? "default"}`),
		isAssigned: words.assign !== undefined,
		patience: secondsOf(words.patience) * 1000,
		chip: chipOf(words.chip ?? "esp32"),
	};
}

/** What is not said is what the image says of itself, and without an image what package.json says. */
function claimOf({ title, version, image }: Words, own: { name: string; version: string }): Claim {
	const found = image === undefined ? undefined : findIdentity(readInput("--image", image))?.identity;
	return {
		title: title ?? found?.title ?? own.name,
		version: version ?? found?.version ?? own.version,
	};
}

/** What ThingsBoard makes of a version that looks like a number, or undefined when it stays as it is. */
export function asNumber(version: string): string | undefined {
	if (!/^\d*\.?\d+$/.test(version) || /^[1-9]\d*\.0$/.test(version)) return undefined;
	const told = String(Number(version));
	return told === version ? undefined : told;
}

/** Nothing is empty, the address is one, and nothing would be ignored. */
function checkWords(words: Words): void {
	for (const [name, value] of Object.entries(words))
		if (typeof value === "string" && !value.trim())
			throw new CheckError(`--${name}: expected something, got "${value}"`);
	const { host } = words;
	if (!URL.canParse(/^https?:\/\//.test(host) ? host : `http://${host}`))
		throw new CheckError(`--host: expected an address such as https://tb.example, got ${host}`);
	for (const [one, other] of Contradictions)
		if (words[one] !== undefined && words[other] !== undefined)
			throw new CheckError(`--${other}: expected it without --${one}, got both`);
}

function typeOf(text: string): Type {
	if (text === "firmware" || text === "software") return text === "firmware" ? "FIRMWARE" : "SOFTWARE";
	throw new CheckError(`--type: expected firmware or software, got ${text}`);
}

function goalOf(text: string): Goal {
	const [kind, ...rest] = text.split("=");
	const name = rest.join("=");
	if ((kind !== "device" && kind !== "profile") || !name)
		throw new CheckError(`--assign: expected device=NAME or profile=NAME, got ${text}`);
	return { kind, name };
}

function secondsOf(text: string): number {
	const seconds = Number(text);
	if (/^\d+$/.test(text) && seconds >= 1 && seconds <= LongestPatience) return seconds;
	throw new CheckError(`--patience: expected whole seconds, 1 to ${LongestPatience}, got ${text}`);
}

function chipOf(name: string): number {
	const chip = Chips[name];
	if (chip !== undefined) return chip;
	throw new CheckError(`--chip: expected ${Object.keys(Chips).join(", ")}, got ${name}`);
}
