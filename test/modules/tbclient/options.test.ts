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
	for (const name of ["maxMessage", "inFlight"])
		it(`refuses ${name} below 1`, () => {
			for (const value of [0, Number.NaN])
				throws(() => make({ [name]: value }), `${name}: expected at least 1`);
		});
	it("refuses an outbox without bounds, or with a policy that there is none of", () => {
		for (const messages of [0, Number.NaN])
			throws(() => make({ outbox: { messages } }), "messages: expected at least 1");
		throws(() => make({ outbox: { bytes: 0 } }), "bytes: expected at least 1");
		throws(() => make({ outbox: { drop: "new" as "newest" } }), "outbox.drop: expected oldest, newest or");
	});
	it("refuses deadlines that cannot be measured: they would never come, or at once", () => {
		for (const ms of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
			throws(() => make({ requestTimeout: ms }), "requestTimeout: expected 1…2^31 - 1 ms");
			const client = make();
			throws(() => client.call("a", 1, () => {}, ms), "call: timeout: expected 1…2^31 - 1 ms");
			client.close();
		}
	});
	it("takes Math.random where none is given", () => {
		make({ random: undefined as unknown as () => number }).close();
	});

	it("refuses `secure` on a network without TLS: what it protects would go out in the clear", () => {
		throws(() => make({ secure: {} }), "secure: expected device.network.mqtts beside it");
	});
});
