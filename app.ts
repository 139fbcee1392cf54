// The application itself: what this device measures and what it can be told. A new firmware is, above all, a new one of these.
import type { JSONObject, JSONValue } from "host/contract";
import pins from "host/pins";
import config from "mc/config";
import Timer from "timer";

export const title: string = config.title;
export const version: string = config.version;
/** Drawn when an image is built, so that telemetry tells which image is really running. */
export const build: string = config.build;

const Wink = 50; // ms

let count = 0;
let lamp = false;

/** One reading of everything this device measures. The board's lamp, where it has one, winks. */
export function readings(): JSONObject {
	count += 1;
	wink();
	const analog = pins.analog && { analog: Math.round(pins.analog.read() * 1000) / 1000 };
	return { ...analog, count, temperature: 20 + (count % 10) / 2, lamp, build };
}

/** Percent of the battery, for the rule `ota_battery`. This device has none; one that has gives a function here. */
export const battery: (() => number | undefined) | undefined = undefined;

/** Answers a server-side RPC; throwing tells the caller why not. */
export function command(method: string, params: JSONValue): JSONValue {
	switch (method) {
		case "ping":
			return { pong: params };
		case "setLamp":
			if (typeof params !== "boolean")
				throw new TypeError(`setLamp: expected a boolean, got ${typeof params}`);
			lamp = params;
			pins.lamp?.write(lamp);
			return { lamp };
		default:
			throw new Error(`unknown method ${method}`);
	}
}

function wink(): void {
	if (!pins.lamp) return;
	pins.lamp.write(!lamp);
	Timer.set(() => pins.lamp?.write(lamp), Wink);
}
