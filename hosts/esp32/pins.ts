// The board's lamp and analog input, where its target names them: `config.pins` in hosts/esp32/<target>/manifest.json.
import Analog from "embedded:io/analog";
import Digital from "embedded:io/digital";
import type { Pins } from "host/contract";
import config from "mc/config";

const { lamp, analog } = config.pins ?? {};

function makeLamp(pin: number): NonNullable<Pins["lamp"]> {
	const io = new Digital({ pin, mode: Digital.Output });
	return { write: (on) => io.write(on ? 1 : 0) };
}

/** A reading is 0…2^resolution - 1 (12 bits on these chips). */
function makeAnalog(pin: number): NonNullable<Pins["analog"]> {
	const io = new Analog({ pin });
	const full = 2 ** io.resolution - 1;
	return { read: () => io.read() / full };
}

/** A pin that the chip refuses is told and done without: an exception while this module loads would restart it for ever. */
function tried<T>(name: string, pin: number | undefined, make: (pin: number) => T): T | undefined {
	if (pin === undefined) return undefined;
	try {
		return make(pin);
	} catch (error) {
		trace(`pins: ${name}: expected a pin that this chip has, got ${pin}: ${error}\n`);
		return undefined;
	}
}

/** `host/pins` of the chip. */
const pins: Pins = {
	lamp: tried("lamp", lamp, makeLamp),
	analog: tried("analog", analog, makeAnalog),
};
export default pins;
