import { isIP } from "node:net";
import type { Options as Table, Usage, Values } from "../../tools/args.ts";
import { realClock } from "../clock.ts";
import { defaults, type Settings } from "../core.ts";
import { type LimitTexts, limitLevels, TokenBucket } from "../limits.ts";

/** A word that cannot be understood: the program ends with 2. */
export class OptionError extends Error {}

const names = Object.entries(defaults)
	.filter(([, value]) => typeof value !== "object")
	.map(([name]) => name);

export const usage = {
	command: "npm run thingsboard --",
	about: `Starts the stand-in ThingsBoard on this machine: MQTT for devices, REST and a page for you. Without --state it keeps
nothing on disk. Status 0 when it was asked to end, 1 when it could not start, 2 for a wrong option.`,
	options: {
		port: { help: "port for devices, 0 for any", value: "PORT", default: "1883" },
		"http-port": { help: "port for REST and the page, 0 for any", value: "PORT", default: "8080" },
		tls: { help: "MQTT over TLS too; without --cert with a certificate made for development" },
		"tls-port": { help: "port for devices over TLS, 0 for any", value: "PORT", default: "8883" },
		cert: { help: "own certificate for TLS, with its intermediates, PEM", value: "FILE" },
		key: { help: "its private key, PEM", value: "FILE" },
		"tls-dir": { help: "where the made certificate is kept", value: "DIR", default: ".thingsboard" },
		tls12: { help: "TLS 1.2 and nothing newer, as the chip speaks it" },
		"leaf-only": { help: "send the server's certificate without its chain: a mistake to test clients with" },
		host: {
			help: "address to listen on; any but this machine's own is warned of",
			value: "ADDRESS",
			default: "127.0.0.1",
		},
		device: {
			help: "make a device with that access token; may be given often",
			value: "NAME=TOKEN",
			many: true,
		},
		state: {
			help: "keep profiles, devices, credentials, attributes and packages in that file",
			value: "FILE",
		},
		"answer-rpc": {
			help: "answer client-side RPC getCurrentTime and echo; others time out, as on a fresh server",
		},
		set: { help: `change a setting (${names.join(", ")})`, value: "NAME=VALUE", many: true },
		"rate-limit": {
			help: "e.g. device.telemetryMessages=10:1,300:60; levels tenant, device, gateway, gatewayDevice",
			value: "LEVEL.KIND=TEXT",
			many: true,
		},
		quiet: { help: "print nothing but errors and warnings" },
		json: { help: "JSON lines on stdout: one when ready, then one a connection event" },
		"until-stdin-ends": { help: "end when the program that started this one is gone" },
	},
} as const satisfies Usage<Table>;

export type Options = Values<(typeof usage)["options"]>;

/** A port number. Throws `OptionError`. */
export function port(options: Options, name: "port" | "http-port" | "tls-port"): number {
	const text = options[name];
	const value = Number(text);
	if (/^\d+$/.test(text) && value <= 65_535) return value;
	throw new OptionError(`--${name}: expected 0 to 65535, got ${JSON.stringify(text)}`);
}

/** Names and tokens of `--device`. Throws `OptionError`. */
export const devices = ({ device }: Options): { name: string; token: string }[] =>
	device.map((text) => {
		const at = text.indexOf("=");
		if (at > 0 && at < text.length - 1) return { name: text.slice(0, at), token: text.slice(at + 1) };
		throw new OptionError(`--device: expected NAME=TOKEN, got ${JSON.stringify(text)}`);
	});

/** The settings of `--set`. Throws `OptionError`. */
export function settings({ set }: Options): Partial<Settings> {
	const changed = set.map((text) => {
		const [, name = "", value = ""] = /^(\w+)=(.*)$/.exec(text) ?? [];
		const standard = (defaults as Readonly<Record<string, unknown>>)[name];
		if (typeof standard === "boolean" && /^(true|false)$/.test(value)) return [name, value === "true"];
		if (typeof standard === "number" && /^\d+$/.test(value)) return [name, Number(value)];
		const expected =
			standard === undefined ? `one of ${names.join(", ")}` : `a ${typeof standard} for ${name}`;
		throw new OptionError(`--set: expected ${expected}, got ${JSON.stringify(text)}`);
	});
	return Object.fromEntries(changed);
}

const kinds: readonly (keyof LimitTexts)[] = ["messages", "telemetryMessages", "telemetryDataPoints"];

/** The limits of `--rate-limit`. Throws `OptionError`. */
export function rateLimits(options: Options): Settings["rateLimits"] {
	const limits: Settings["rateLimits"] = {};
	for (const text of options["rate-limit"]) {
		const [, name, what, limit] = /^(\w+)\.(\w+)=(.+)$/.exec(text) ?? [];
		const level = limitLevels.find((known) => known === name);
		const kind = kinds.find((known) => known === what);
		if (!level || !kind || !limit)
			throw new OptionError(
				`--rate-limit: expected LEVEL.KIND=TEXT with ${limitLevels.join(", ")} and ${kinds.join(", ")}, got ${JSON.stringify(text)}`,
			);
		limits[level] = { ...limits[level], [kind]: checked(limit) };
	}
	return limits;
}

function checked(limit: string): string {
	try {
		new TokenBucket(realClock, limit);
		return limit;
	} catch (error) {
		throw new OptionError(`--rate-limit: ${(error as Error).message}`);
	}
}

/** Throws `OptionError` for switches of TLS without TLS. */
export function tlsWanted({ tls, cert, key, tls12, "leaf-only": leafOnly }: Options): boolean {
	const wanted = tls || cert !== undefined || key !== undefined;
	if (!wanted && (tls12 || leafOnly))
		throw new OptionError("--tls12 and --leaf-only are about TLS: expected --tls too");
	return wanted;
}

/** Whether nobody else's machine can reach that address. */
export const isLoopback = (host: string): boolean =>
	host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
