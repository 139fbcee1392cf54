import "../../setup.ts";
import { claim } from "tbclient/claim";
import { deepEqual, throws } from "../../assert.ts";
import { begin, client, connect, log, note } from "./rig.ts";

describe("Claiming", () => {
	beforeEach(begin);

	it("publishes what is given and nothing else; PUBACK is all that is heard", () => {
		const mqtt = connect();
		claim(client, { secretKey: "s", durationMs: 60_000 }, note("claimed"));
		claim(client);
		deepEqual(
			mqtt.published.map(({ topic, text }) => `${topic} ${text}`),
			['v1/devices/me/claim {"secretKey":"s","durationMs":60000}', "v1/devices/me/claim {}"],
		);
		mqtt.ack(mqtt.published[0]?.id);
		deepEqual(log, ["claimed done"]);
	});

	for (const durationMs of [0, -1, 0.5, Number.NaN, "1" as never])
		it(`refuses a duration of ${durationMs}`, () => {
			connect();
			throws(() => claim(client, { durationMs }), "durationMs");
		});
});
