/** When an update may run: battery, radio, time of day, a pause, a random delay. Rules come from the application or from the server. */
import type { JSONObject, JSONValue } from "host/contract";
import { attempt } from "ota/attempt";
import { clip } from "ota/errors";

/** What the application measures. What it leaves out, it has not got; rules about that do not hold anything up, save `minute`. */
export interface Conditions {
	/** Percent. */
	battery?: number | undefined;
	/** dBm. */
	rssi?: number | undefined;
	/** Minute of the day in UTC, 0…1439; undefined while the time is not known: `ota_window` then keeps waiting. */
	minute?: number | undefined;
}

/** By the names of the shared attributes, which override the application's own. `null` switches a rule of the application off. */
export interface Rules {
	/** `true`: nothing is downloaded, verified or activated. */
	ota_pause?: JSONValue;
	/** Least battery, percent 0…100. */
	ota_battery?: JSONValue;
	/** Least signal, dBm -120…0. */
	ota_rssi?: JSONValue;
	/** Hours in UTC, `"22:00-05:30"`: from the first minute up to, not including, the last; over midnight when the first is later. */
	ota_window?: JSONValue;
	/** A download begins within so many seconds at random, 0…86400, so that a fleet does not begin at once. */
	ota_jitter?: JSONValue;
}

/** Rules, and what they are held against. */
export interface PolicyOptions {
	/** The application's own rules; shared attributes of the same names override them. */
	rules?: Rules;
	/** Battery, signal and time; asked about once a second while an update waits or runs under rules. */
	conditions?(): Conditions;
}

/** Names of the shared attributes, to be asked for after every connection. */
export const ruleNames: readonly (keyof Rules)[] = Object.freeze([
	"ota_pause",
	"ota_battery",
	"ota_rssi",
	"ota_window",
	"ota_jitter",
] as const);

const LongestJitter = 86_400; // seconds

/** Holds an update up, and says why. A rule that cannot be understood holds too: noon is no time to guess what "22-5" meant. */
export class Policy {
	readonly #options: PolicyOptions;
	#rules: Rules;
	#paused = false;
	/** What `hold` has said last. */
	#held: string | undefined;

	constructor(options: PolicyOptions) {
		this.#options = options;
		this.#rules = { ...options.rules };
	}

	/** By the application, beside `ota_pause`. */
	set paused(value: boolean) {
		this.#paused = value;
	}

	/** Takes over what the server says. True when a rule was among it. */
	merge(values: JSONObject): boolean {
		let found = false;
		for (const name of ruleNames) {
			const value = values[name];
			if (value === undefined) continue;
			this.#rules[name] = value;
			this.#held = undefined;
			found = true;
		}
		return found;
	}

	/** Goes back to the application's own rules. True when a rule was among the names. */
	delete(names: readonly string[]): boolean {
		const gone = ruleNames.filter((name) => names.includes(name));
		for (const name of gone) this.#rules[name] = this.#options.rules?.[name] ?? null;
		if (gone.length) this.#held = undefined;
		return gone.length > 0;
	}

	/** Something could hold an update up. */
	get hasRules(): boolean {
		return this.#paused || ruleNames.some((name) => name !== "ota_jitter" && isSet(this.#rules[name]));
	}

	/**
	 * Why nothing may go on now, or undefined. The text stays the same while it is the same rule, so that a value that wavers is no
	 * news. An application that throws has measured nothing.
	 */
	hold(): string | undefined {
		const text = this.reason();
		if (text === undefined || ruleOf(text) !== ruleOf(this.#held ?? "")) this.#held = text;
		return this.#held;
	}

	private reason(): string | undefined {
		const { ota_pause: pause, ota_battery: battery, ota_rssi: rssi, ota_window: window } = this.#rules;
		if (this.#paused) return "paused by the application";
		const now = attempt(() => this.#options.conditions?.()) ?? {};
		return (
			pausing(pause) ??
			least("ota_battery", battery, now.battery, 0, 100) ??
			least("ota_rssi", rssi, now.rssi, -120, 0) ??
			outside(window, now.minute)
		);
	}

	/** Why a download does not begin yet that has waited so many milliseconds; `share` is 0…1, drawn at random for it. */
	delay(share: number, waited: number): string | undefined {
		const { ota_jitter: jitter } = this.#rules;
		if (!isSet(jitter)) return undefined;
		if (typeof jitter !== "number" || jitter < 0 || jitter > LongestJitter)
			return misread("ota_jitter", `a number 0…${LongestJitter}`, jitter);
		return waited < jitter * 1000 * share ? `ota_jitter: begins within ${jitter} s` : undefined;
	}
}

/** A reason without the value that was measured. */
const ruleOf = (text: string): string => text.split(", got ", 1)[0] as string;

const isSet = (value: JSONValue | undefined): value is Exclude<JSONValue, null> =>
	value !== undefined && value !== null;

const misread = (name: string, expected: string, value: JSONValue): string =>
	`${name}: expected ${expected}, got ${clip(JSON.stringify(value))}`;

function pausing(value: JSONValue | undefined): string | undefined {
	if (!isSet(value) || value === false) return undefined;
	return value === true ? "paused by ota_pause" : misread("ota_pause", "true or false", value);
}

function least(
	name: string,
	limit: JSONValue | undefined,
	value: number | undefined,
	lowest: number,
	highest: number,
): string | undefined {
	if (!isSet(limit)) return undefined;
	if (typeof limit !== "number" || limit < lowest || limit > highest)
		return misread(name, `a number ${lowest}…${highest}`, limit);
	if (value === undefined || value >= limit) return undefined;
	return `${name}: expected at least ${limit}, got ${value}`;
}

function outside(window: JSONValue | undefined, minute: number | undefined): string | undefined {
	if (!isSet(window)) return undefined;
	const [from, to, more] = typeof window === "string" ? window.split("-").map(minuteOf) : [];
	if (from === undefined || to === undefined || more !== undefined)
		return misread("ota_window", '"HH:MM-HH:MM"', window);
	if (minute === undefined) return "ota_window: expected to know the time, got none yet";
	const inside = from <= to ? minute >= from && minute < to : minute >= from || minute < to;
	return inside ? undefined : `ota_window: expected ${window} UTC, got ${clock(minute)}`;
}

/** `"05:30"` is 330. */
function minuteOf(text: string): number | undefined {
	const [, hours, minutes] = /^ *(\d\d?):(\d\d) *$/.exec(text) ?? [];
	const isTime = Number(hours) < 24 && Number(minutes) < 60;
	return isTime ? Number(hours) * 60 + Number(minutes) : undefined;
}

const two = (value: number): string => String(value).padStart(2, "0");
const clock = (minute: number): string => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
