import "../../setup.ts";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log } from "./rig.ts";

describe("TBClient: malformed input", () => {
	beforeEach(begin);

	const topics = ["attributes", "attributes/response/1", "rpc/request/0"];
	for (const topic of topics)
		it(`is reported for ${topic}, and the connection stays`, () => {
			const mqtt = connect();
			const bad = ["{", "[]", "null", "1", '"x"', "", new Uint8Array([0xff, 0xfe])];
			for (const payload of bad) mqtt.deliver(`v1/devices/me/${topic}`, payload);
			equal(client.stats.malformed, bad.length);
			for (const line of log) includes(line, `error TB_MALFORMED: v1/devices/me/${topic}`);
			ok(client.connected);
		});
	it("of a scope or a method is reported too", () => {
		const mqtt = connect();
		mqtt.deliver("v1/devices/me/attributes/response/1", '{"client":[]}');
		mqtt.deliver("v1/devices/me/rpc/request/1", '{"method":1}');
		equal(client.stats.malformed, 2);
	});
	it("above the limit is dropped, and the next message is read", () => {
		const mqtt = connect({ maxMessage: 10 });
		mqtt.deliver("v1/devices/me/attributes", '{"a":"0123456789"}', 3, 5);
		mqtt.deliver("v1/devices/me/attributes", '{"a":1}');
		includes(log[0] ?? "", "TB_TOO_LARGE: v1/devices/me/attributes: expected at most 10 bytes, got 18");
		equal(log[1], 'attributes {"a":1} ');
	});
	it("on an unknown topic is read and forgotten", () => {
		const mqtt = connect();
		for (const topic of [
			"x",
			"v2/fw/response/1",
			"v2/fw/response/x/chunk/1",
			"v2/fw/response/1/chunk/",
			"v1/devices/me/rpc/request/99999999999",
			"v1/devices/me/rpc/request/2147483648",
			"v1/devices/me/attributes/response/-1",
		]) {
			mqtt.deliver(topic, "abc", 1);
			mqtt.empty(topic, 0, 0);
		}
		deepEqual(log, []);
		deepEqual([client.stats.unknown, client.stats.received], [14, 0]);
	});
	it("cannot reach a prototype", () => {
		const mqtt = connect();
		mqtt.deliver("v1/devices/me/attributes", '{"__proto__":{"polluted":true}}');
		equal(({} as { polluted?: boolean }).polluted, undefined);
	});
	it("of an error text that is not UTF-8 is reported", () => {
		const mqtt = connect();
		mqtt.deliver("v2/fw/error", new Uint8Array([0xff, 0xfe]));
		equal(log.length, 1);
		includes(log[0] ?? "", "error TB_MALFORMED: v2/fw/error: expected text in UTF-8");
		ok(client.connected);
	});
	for (const topic of ["attributes/response/1", "rpc/request/1"])
		it(`above the limit is dropped on ${topic}, and counted`, () => {
			const mqtt = connect({ maxMessage: 10 });
			mqtt.deliver(`v1/devices/me/${topic}`, '{"method":"0123456789"}', 1, 20);
			includes(log.join(), `error TB_TOO_LARGE: v1/devices/me/${topic}: expected at most 10 bytes, got 23`);
			deepEqual([client.stats.dropped, client.stats.received, mqtt.unread], [1, 0, 0]);
		});
	it("takes the count for the length where the MQTT client does not tell it", () => {
		const mqtt = connect();
		mqtt.read = (into: unknown) => {
			(into as Uint8Array).set([0x7b, 0x7d]);
			return 2 as never;
		};
		mqtt.options.onReadable?.call(mqtt, 2, { topic: "v1/devices/me/attributes", more: false });
		deepEqual(log, ["attributes {} "]);
	});
	it("takes a read that fails for a lost connection, in a later turn", () => {
		const mqtt = connect();
		mqtt.read = () => {
			throw new Error("no bytes");
		};
		mqtt.deliver("v1/devices/me/attributes", "{}");
		deepEqual(log, []);
		clock.advance(0);
		deepEqual(log, ["disconnected TB_LOST: connection to server:1883: no bytes"]);
	});
	it("cut off by a lost connection is forgotten: what comes on the next one is not its rest", () => {
		const mqtt = connect();
		mqtt.read = () => 2 as never;
		const first = { topic: "v1/devices/me/attributes", byteLength: 4, more: true };
		mqtt.options.onReadable?.call(mqtt, 2, first);
		mqtt.drop();
		clock.advance(500);
		FakeMQTT.last.accept();
		log.length = 0;
		FakeMQTT.last.read = mqtt.read;
		FakeMQTT.last.options.onReadable?.call(FakeMQTT.last, 2, { more: false });
		deepEqual(log, []);
		deepEqual([client.stats.received, client.stats.malformed], [0, 0]);
	});
});
