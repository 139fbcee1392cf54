import "../../setup.ts";
import { equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, make } from "./rig.ts";

describe("TBClient: at random", () => {
	beforeEach(begin);

	for (const seed of [1, 2, 3, (Math.random() * 2 ** 31) | 0])
		it("loses no accepted message, whatever drops and overflows", () => {
			trace(`seed ${seed}\n`);
			wander(seed);
		});
});

/** mulberry32. */
function generator(seed: number): (limit: number) => number {
	let state = seed;
	return (limit) => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
	};
}

/** Every message ends in exactly one completion, and "done" only for what the server has acknowledged. */
function wander(seed: number): void {
	const random = generator(seed);
	const results: (string | undefined)[] = [];
	const taken = new Set<string>();
	make();
	const serve = (mqtt: FakeMQTT) => {
		for (const packet of mqtt.written.splice(0)) {
			if (packet.operation === FakeMQTT.SUBSCRIBE)
				mqtt.control({ operation: FakeMQTT.SUBACK, id: packet.id ?? 0, payload: [1, 1, 1, 0, 0] });
			else if (packet.QoS && (packet.byteLength ?? 0) <= packet.text.length) {
				taken.add(packet.text);
				mqtt.ack(packet.id);
			} else if (packet.QoS) mqtt.written.push(packet);
		}
	};
	for (let step = 0; step < 300; step++) {
		const n = results.length;
		results.push(undefined);
		client.sendTelemetry({ n, pad: "x".repeat(random(8) ? 5 : 2000) }, (error) => {
			equal(results[n], undefined);
			results[n] = error?.code ?? "done";
		});
		clock.advance(random(3000));
		const mqtt = FakeMQTT.last;
		if (mqtt.closed) continue;
		if (!mqtt.written.length && !client.connected) mqtt.accept(random(4) ? 0 : 3);
		else if (!random(6)) mqtt.drop();
		else if (random(3)) serve(mqtt);
		if (!mqtt.closed) mqtt.writable(random(2000));
	}
	for (let i = 0; i < 200; i++) {
		clock.advance(1000);
		const mqtt = FakeMQTT.last;
		if (mqtt.closed) continue;
		if (!client.connected) mqtt.accept();
		mqtt.writable(1536);
		serve(mqtt);
	}
	for (const [n, result] of results.entries()) {
		ok(result, `message ${n}`);
		const text = JSON.stringify({ n }).slice(0, -1);
		if (result === "done")
			ok(
				[...taken].some((one) => one.startsWith(`${text},`)),
				`message ${n}`,
			);
	}
	client.close();
}
