import "../../setup.ts";
import type { Part, RPC } from "tbclient/parts";
import { deepEqual, equal, includes, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make, note } from "./rig.ts";

const topics = (mqtt: FakeMQTT) =>
	mqtt.of(FakeMQTT.SUBSCRIBE).map(({ items = [] }) => items.map(({ topic }) => topic).slice(-2));

/** A part that logs what it hears, and takes what begins with "mine". */
const part = (): Part => ({
	filters: [{ topic: "mine/+", QoS: 1 }],
	onConnected: () => void log.push("part connected"),
	onDisconnected: (error) => void log.push(`part disconnected ${error.code}`),
	onMessage(topic, payload) {
		log.push(`part ${topic} ${String.fromArrayBuffer(payload)}`);
		return topic.startsWith("mine");
	},
	onRPC: ({ method }) => method === "mine",
});

describe("TBClient: attached parts", () => {
	beforeEach(begin);

	it("joins the one SUBSCRIBE of every connection, and hears of the connection first", () => {
		make();
		client.attach(part());
		clock.advance(0);
		for (let i = 0; i < 2; i++) {
			FakeMQTT.last.accept();
			deepEqual(topics(FakeMQTT.last), [["v1/devices/me/rpc/response/+", "mine/+"]]);
			FakeMQTT.last.grant();
			FakeMQTT.last.drop();
			clock.advance(1000);
		}
		deepEqual(log.slice(0, 2), ["part connected", "connected"]);
		equal(log[2], "part disconnected TB_LOST");
	});
	it("subscribes at once while connected, after the SUBACK that is due", () => {
		make();
		clock.advance(0);
		FakeMQTT.last.accept();
		client.attach(part());
		equal(topics(FakeMQTT.last).length, 1);
		FakeMQTT.last.grant();
		deepEqual(topics(FakeMQTT.last)[1], ["mine/+"]);
		FakeMQTT.last.grant([0x80]);
		includes(log.join(), "TB_SUBSCRIBE: subscribe mine/+");
	});
	it("gets messages on topics that the client does not know, until it is detached", () => {
		const mqtt = connect();
		const one = part();
		client.attach({});
		client.attach(one);
		mqtt.deliver("mine/1", "hello", 2);
		mqtt.deliver("other", "x");
		client.detach(one);
		mqtt.deliver("mine/1", "gone");
		deepEqual(log, ["part mine/1 hello", "part other x"]);
		equal(client.stats.unknown, 2);
	});
	it("takes the calls that are its own", () => {
		const calls: string[] = [];
		const mqtt = connect({ onRPC: ({ method }) => calls.push(method) });
		client.attach({ onMessage: () => false });
		client.attach(part());
		for (const method of ["mine", "yours"])
			mqtt.deliver("v1/devices/me/rpc/request/1", JSON.stringify({ method }));
		deepEqual(calls, ["yours"]);
	});
	it("is guarded: what it throws ends no connection, and is the answer to a call", () => {
		const mqtt = connect();
		const fail = (): never => {
			throw new Error("broken part");
		};
		client.attach({ onMessage: fail, onRPC: (_call: RPC) => fail() });
		mqtt.deliver("any", "x");
		mqtt.deliver("v1/devices/me/rpc/request/1", '{"method":"a"}');
		equal(mqtt.published[0]?.text, '{"error":"broken part"}');
		deepEqual([client.connected, client.stats.callbackErrors], [true, 2]);
	});
	it("hears of the server's limits, and that the client is closed", () => {
		make({ sessionLimits: true });
		client.attach({});
		client.attach({
			onLimits: ({ maxPayloadSize }) => void log.push(`limits ${maxPayloadSize}`),
			onClosed: () => void log.push("closed"),
		});
		clock.advance(0);
		FakeMQTT.last.accept();
		FakeMQTT.last.deliver("v1/devices/me/rpc/response/0", '{"maxPayloadSize":1000}');
		client.close();
		client.close();
		deepEqual(log, ["connected", "limits 1000", "closed"]);
	});
	it("is bounded in number and in filters", () => {
		make();
		const one = part();
		client.attach(one);
		throws(() => client.attach(one), "not attached yet");
		throws(() => client.attach({ filters: Array(17).fill({ topic: "a", QoS: 0 }) }), "16 filters");
		for (let i = 0; i < 3; i++) client.attach({});
		throws(() => client.attach({}), "4 parts");
		client.close();
		throws(() => client.attach({}), "closed");
	});
	it("publishes text and bytes, kept over losses", () => {
		const mqtt = connect();
		client.publish("mine/a", "text", { callback: note("a") });
		client.publish("mine/b", Uint8Array.of(98).buffer);
		deepEqual(
			mqtt.published.map(({ topic, text, QoS }) => [topic, text, QoS]),
			[
				["mine/a", "text", 1],
				["mine/b", "b", 1],
			],
		);
		mqtt.ack(mqtt.published[0]?.id);
		deepEqual(log, ["a done"]);
	});
});
