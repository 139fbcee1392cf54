/** Which packages an application takes, by title and version. */
import { clip, OTAError } from "ota/errors";
import type { Current } from "ota/firmware";

/**
 * `any`: the running title in any version, an older one too; the default, for on ThingsBoard the operator decides.
 * `newer`: the running title in a higher version only. A function decides alone, title included: it returns why not, or undefined.
 */
export type Accept = "any" | "newer" | ((wanted: Current, current: Current) => string | undefined);

/** Why the package is not taken: OTA_TITLE, OTA_DOWNGRADE, or OTA_POLICY with the words of the application. */
export function refusal(wanted: Current, current: Current, accept: Accept = "any"): OTAError | undefined {
	if (typeof accept === "function") return ask(wanted, current, accept);
	const { title, version } = wanted;
	if (title !== current.title)
		return new OTAError("OTA_TITLE", `fw_title: expected "${clip(current.title)}", got "${clip(title)}"`);
	if (accept === "any" || compareVersions(version, current.version) > 0) return undefined;
	const text = `fw_version: expected a version above "${clip(current.version)}", got "${clip(version)}"`;
	return new OTAError("OTA_DOWNGRADE", text);
}

/** An application that throws takes nothing. */
function ask(wanted: Current, current: Current, accept: Exclude<Accept, string>): OTAError | undefined {
	try {
		const reason = accept(wanted, current);
		return reason === undefined ? undefined : new OTAError("OTA_POLICY", reason);
	} catch (error) {
		return new OTAError("OTA_POLICY", `accept: expected a decision, got ${error}`, error);
	}
}

/**
 * Positive when `a` is higher, 0 when neither is. Numbers are compared place by place (`v1.10` is above `1.9`, `1.2` equals `1.2.0`),
 * what precedes the first digit and follows a `+` is not looked at; then a version without a suffix is above one with (`1.0` above `1.0-rc1`),
 * and suffixes are compared like versions, words by code unit.
 */
export function compareVersions(a: string, b: string): number {
	const [numbersA, suffixA] = split(a);
	const [numbersB, suffixB] = split(b);
	return compareNumbers(numbersA, numbersB) || compareSuffixes(suffixA, suffixB);
}

const isDigit = (char: string | undefined): boolean => char !== undefined && char >= "0" && char <= "9";

/** `v1.10-rc2+b7` is 1, 10 and `rc2`. */
function split(text: string): [number[], string] {
	let end = 0;
	while (end < text.length && !isDigit(text[end])) end++;
	const plain = text.slice(end).split("+", 1)[0] as string;
	end = 0;
	while (isDigit(plain[end]) || plain[end] === ".") end++;
	const suffix = plain.slice(end);
	return [plain.slice(0, end).split(".").map(Number), suffix[0] === "-" ? suffix.slice(1) : suffix];
}

function compareNumbers(a: number[], b: number[]): number {
	for (let place = 0; place < Math.max(a.length, b.length); place++) {
		const difference = (a[place] ?? 0) - (b[place] ?? 0);
		if (difference) return difference;
	}
	return 0;
}

/** Semantic Versioning 2.0.0, 11.3 and 11.4. */
function compareSuffixes(a: string, b: string): number {
	if (!a || !b) return Number(!a) - Number(!b);
	const [partsA, partsB] = [a.split("."), b.split(".")];
	for (let place = 0; place < Math.min(partsA.length, partsB.length); place++) {
		const order = compareParts(partsA[place] as string, partsB[place] as string);
		if (order) return order;
	}
	return partsA.length - partsB.length;
}

function compareParts(a: string, b: string): number {
	const [numberA, numberB] = [Number(a), Number(b)];
	if (!Number.isNaN(numberA) && !Number.isNaN(numberB)) return numberA - numberB;
	if (Number.isNaN(numberA) !== Number.isNaN(numberB)) return Number.isNaN(numberA) ? 1 : -1;
	return a === b ? 0 : a > b ? 1 : -1;
}
