// hosts/esp32/pins.ts: lamp and analog input of the target, and a board that has none of them.
import type { Pins } from "../../hosts/contract.ts";
import { deepEqual, equal } from "../assert.ts";
import config from "./fakes/config.ts";
import { board } from "./fakes/pin.ts";
import { fresh } from "./fresh.ts";

describe("ESP32 pins", () => {
	const pinsOf = (pins: { lamp?: number; analog?: number }): Promise<Pins> => {
		config.pins = pins;
		return fresh<Pins>("pins.ts");
	};
	beforeEach(() => Object.assign(board, { written: [], refused: [], reading: 0 }));
	afterEach(() => {
		delete config.pins;
	});

	it("switches the lamp and reads the input of the target", async () => {
		const { lamp, analog } = await pinsOf({ lamp: 2, analog: 34 });
		lamp?.write(true);
		lamp?.write(false);
		deepEqual(board.written, [
			[2, 1],
			[2, 0],
		]);
		board.reading = 4095;
		equal(analog?.read(), 1);
		board.reading = 0;
		equal(analog?.read(), 0);
	});

	it("does without where the target names none, GPIO 0 being one", async () => {
		delete config.pins;
		deepEqual(await fresh<Pins>("pins.ts"), { lamp: undefined, analog: undefined });
		const { lamp, analog } = await pinsOf({ lamp: 0 });
		lamp?.write(true);
		deepEqual([board.written, analog], [[[0, 1]], undefined]);
	});

	it("does without a pin that the chip refuses: the program starts all the same", async () => {
		board.refused = [99, 98];
		deepEqual(await pinsOf({ lamp: 99, analog: 98 }), { lamp: undefined, analog: undefined });
	});
});
