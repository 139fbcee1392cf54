import { equal, ok } from "../assert.ts";
import { type Bench, bench, online, type Peer } from "./server.ts";

const topic = "v1/devices/me/claim";

describe("thingsboard claiming on the wire", () => {
	let at: Bench;
	let peer: Peer;
	beforeEach(async () => {
		at = await bench();
		peer = await online(at);
	});
	afterEach(() => at.end());

	const claim = (secret: string) => at.server.core.claims.claim(at.device, "customer", secret);
	async function say(payload: string): Promise<void> {
		peer.publish(topic, payload);
		equal(await peer.kind(), "puback 7");
	}

	it("14.18 registers secret and duration, with nothing but PUBACK", async () => {
		await say('{"secretKey":"s","durationMs":60000}');
		ok(await peer.quiet());
		at.clock.advance(60_000);
		equal(claim("s"), "SUCCESS");
	});

	it("14.18 takes an empty payload for {}: an empty secret, for a day", async () => {
		await say("");
		at.clock.advance(80_000_000);
		equal(claim(""), "SUCCESS");
	});

	it("14.18 reads members as Gson does, and a duration of 0 or less as none", async () => {
		await say('{secretKey:7,durationMs:"-5"}');
		at.clock.advance(80_000_000);
		equal(claim("7"), "SUCCESS");
	});

	it("trap 29 ignores a second claim with another key, and acknowledges it all the same", async () => {
		await say('{"secretKey":"first"}');
		await say('{"secretKey":"second"}');
		equal(claim("second"), "FAILURE");
	});

	it("trap 29 says nothing of a claim that is not allowed or comes too late", async () => {
		at.device.customerId = "somebody";
		await say('{"secretKey":"s"}');
		ok(await peer.quiet());
		equal(claim("s"), "CLAIMED");
	});

	for (const payload of [
		"[",
		"[]",
		"7",
		'{"durationMs":"soon"}',
		'{"secretKey":null}',
		'{"secretKey":[1,2]}',
	])
		it(`14.8 closes without PUBACK on the claim ${payload}`, async () => {
			peer.publish(topic, payload);
			equal(await peer.kind(), "closed");
		});
});
