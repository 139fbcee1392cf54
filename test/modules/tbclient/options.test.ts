import "../../setup.ts";
import { throws } from "../../assert.ts";
import { begin, make } from "./rig.ts";

describe("TBClient: options", () => {
	beforeEach(begin);

	it("refuses a keep-alive of 0 and above 600 s", () => {
		for (const keepAlive of [0, -1, 600_001, Number.NaN]) throws(() => make({ keepAlive }), "keepAlive");
	});
	it("needs a host", () => {
		throws(() => make({ host: "" }), "host");
		throws(() => make({ host: 1 as unknown as string }), "host");
	});
	for (const name of ["maxMessage", "inFlight", "requestTimeout"])
		it(`refuses ${name} below 1`, () => {
			for (const value of [0, Number.NaN])
				throws(() => make({ [name]: value }), `${name}: expected at least 1`);
		});
	it("takes Math.random where none is given", () => {
		make({ random: undefined as unknown as () => number }).close();
	});

	it("refuses `secure` on a network without TLS: what it protects would go out in the clear", () => {
		throws(() => make({ secure: {} }), "secure: expected device.network.mqtts beside it");
	});
});
