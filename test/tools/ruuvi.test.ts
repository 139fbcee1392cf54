import { ruuvi } from "../../examples/ble/ruuvi.ts";
import { deepEqual, equal } from "../assert.ts";

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));

describe("examples/ble: RuuviTag", () => {
	it("is read by the vectors of its specification (data format 5)", () => {
		deepEqual(ruuvi(bytes("0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F")), {
			...{ temperature: 24.3, humidity: 53.49, pressure: 1000.44 },
		});
		deepEqual(ruuvi(bytes("058000FFFFFFFF800080008000FFFFFFFFFFFFFFFFFFFFFF")), {});
	});
	it("of another format is nobody's", () => {
		equal(ruuvi(bytes("03291A1ECE1EFC18F94202CA0B53")), undefined);
		equal(ruuvi(bytes("05")), undefined);
	});
});
