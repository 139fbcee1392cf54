import "../../setup.ts";
import { deepEqual, equal, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make, note } from "./rig.ts";

describe("TBClient: attributes", () => {
	beforeEach(begin);

	it("tells pushed values, and deleted keys apart", () => {
		const mqtt = connect();
		mqtt.deliver("v1/devices/me/attributes", '{"a":1}');
		mqtt.deliver("v1/devices/me/attributes", '{"deleted":["k",1]}');
		mqtt.deliver("v1/devices/me/attributes", '{"deleted":true}');
		deepEqual(log, ['attributes {"a":1} ', "attributes {} k", 'attributes {"deleted":true} ']);
	});
	it("puts a message together at every split", () => {
		const mqtt = connect();
		const text = '{"a":"é"}';
		for (let i = 1; i < 10; i++) mqtt.deliver("v1/devices/me/attributes", text, i);
		equal(log.length, 9);
		for (const line of log) equal(line, `attributes ${text} `);
	});
	it("asks by name and gets what there is", () => {
		const mqtt = connect();
		let answer: unknown;
		client.requestAttributes({ client: ["a"], shared: ["b", "c"] }, (_, values) => {
			answer = values;
		});
		const [request] = mqtt.published;
		equal(request?.topic, "v1/devices/me/attributes/request/1");
		equal(request?.text, '{"clientKeys":"a","sharedKeys":"b,c"}');
		mqtt.deliver("v1/devices/me/attributes/response/1", '{"shared":{"b":1}}');
		deepEqual(answer, { shared: { b: 1 } });
		mqtt.deliver("v1/devices/me/attributes/response/1", '{"client":{}}');
		throws(() => client.requestAttributes({ client: ["a,b"] }, () => {}), "comma");
	});
	it("settles requests on timeout, on loss and while offline", () => {
		const mqtt = connect({ requestTimeout: 5000 });
		client.requestAttributes({}, note("a"));
		clock.advance(1000);
		client.requestAttributes({}, note("b"));
		for (const { id } of [...mqtt.published]) mqtt.ack(id);
		clock.advance(4000);
		deepEqual(log, ["a TB_TIMEOUT"]);
		clock.advance(1000);
		client.requestAttributes({}, note("c"));
		mqtt.drop();
		client.requestAttributes({}, note("d"));
		clock.advance(0);
		deepEqual([log[1], log[2], log[4]], ["b TB_TIMEOUT", "c TB_DISCONNECTED", "d TB_DISCONNECTED"]);
	});
	it("finds room for a request where readings have filled the outbox, and sends it before them", () => {
		make({ inFlight: 1, onConnected: () => client.requestAttributes({}, note("a")) });
		for (let i = 0; i < 20; i++) client.sendTelemetry({ i });
		clock.advance(0);
		FakeMQTT.last.accept();
		FakeMQTT.last.ack(FakeMQTT.last.published[0]?.id);
		equal(FakeMQTT.last.published[1]?.topic, "v1/devices/me/attributes/request/1");
	});
	it("lets at most 8 requests wait", () => {
		const mqtt = connect();
		for (let i = 0; i < 9; i++) {
			client.requestAttributes({}, note(`${i}`));
			for (const { id } of [...mqtt.published]) mqtt.ack(id);
		}
		clock.advance(0);
		deepEqual(log, ["8 TB_OUTBOX_FULL"]);
	});
});
