import "../../setup.ts";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, note } from "./rig.ts";

describe("TBClient: RPC", () => {
	beforeEach(begin);

	it("takes id 0, answers, and keeps the answer until it is acknowledged", () => {
		const mqtt = connect({ onRPC: ({ id, method, params }) => client.respond(id, { method, params }) });
		mqtt.deliver("v1/devices/me/rpc/request/0", '{"method":"ping"}');
		const [answer] = mqtt.published;
		equal(answer?.topic, "v1/devices/me/rpc/response/0");
		equal(answer?.text, '{"method":"ping","params":null}');
		client.respond(1, undefined as unknown as null);
		equal(mqtt.published[1]?.text, "null");
	});
	it("answers with the error that a handler threw, also without a handler", () => {
		const mqtt = connect({
			onRPC() {
				throw new Error("no lamp");
			},
		});
		mqtt.deliver("v1/devices/me/rpc/request/4", '{"method":"x","params":1}');
		equal(mqtt.published[0]?.text, '{"error":"no lamp"}');
		const other = connect();
		other.deliver("v1/devices/me/rpc/request/4", '{"method":"x","params":1}');
		includes(other.published[0]?.text ?? "", "no handler");
	});
	it("answers with the beginning of an error whose text is too long to be sent", () => {
		const mqtt = connect({
			onRPC() {
				throw new Error("x".repeat(70_000));
			},
		});
		mqtt.deliver("v1/devices/me/rpc/request/4", '{"method":"x"}');
		equal(mqtt.published[0]?.text, JSON.stringify({ error: "x".repeat(200) }));
	});
	it("delivers an unanswered call once, another one under the same id again", () => {
		const calls: string[] = [];
		const mqtt = connect({ onRPC: ({ method }) => calls.push(method) });
		for (const method of ["a", "a", "b"])
			mqtt.deliver("v1/devices/me/rpc/request/1", JSON.stringify({ method }));
		deepEqual(calls, ["a", "b"]);
		equal(client.stats.duplicates, 1);
		for (let id = 2; id < 12; id++) mqtt.deliver(`v1/devices/me/rpc/request/${id}`, '{"method":"c"}');
		mqtt.deliver("v1/devices/me/rpc/request/1", '{"method":"b"}');
		equal(calls.length, 13);
	});
	it("remembers a call that takes long, though many quick ones were answered since", () => {
		const calls: string[] = [];
		const mqtt = connect({
			onRPC({ id, method }) {
				calls.push(method);
				if (method === "quick") client.respond(id, 1);
			},
		});
		mqtt.deliver("v1/devices/me/rpc/request/1", '{"method":"slow"}');
		for (let id = 2; id < 22; id++) {
			mqtt.deliver(`v1/devices/me/rpc/request/${id}`, '{"method":"quick"}');
			mqtt.ack(mqtt.published[mqtt.published.length - 1]?.id);
		}
		mqtt.deliver("v1/devices/me/rpc/request/1", '{"method":"slow"}');
		equal(calls.filter((method) => method === "slow").length, 1);
	});
	it("tells calls apart whose method and parameters read the same in a row", () => {
		const calls: string[] = [];
		const mqtt = connect({ onRPC: ({ method }) => calls.push(method) });
		mqtt.deliver("v1/devices/me/rpc/request/1", '{"method":"a1","params":1}');
		mqtt.deliver("v1/devices/me/rpc/request/1", '{"method":"a","params":11}');
		deepEqual(calls, ["a1", "a"]);
	});
	it("does not run a call twice whose answer was lost with the connection", () => {
		let runs = 0;
		connect({
			onRPC({ id }) {
				runs += 1;
				client.respond(id, runs);
			},
		});
		FakeMQTT.last.deliver("v1/devices/me/rpc/request/3", '{"method":"toggle"}');
		FakeMQTT.last.drop();
		clock.advance(60_000);
		FakeMQTT.last.accept();
		FakeMQTT.last.grant();
		FakeMQTT.last.deliver("v1/devices/me/rpc/request/3", '{"method":"toggle"}');
		equal(runs, 1);
		equal(FakeMQTT.last.published[0]?.text, "1");
		equal(client.stats.duplicates, 1);
	});
	it("answers nothing for a handler that closes the client and throws", () => {
		const mqtt = connect({
			onRPC() {
				this.close();
				throw new Error("gone");
			},
		});
		mqtt.deliver("v1/devices/me/rpc/request/4", '{"method":"x"}');
		equal(mqtt.published.length, 0);
		deepEqual(log, []);
		deepEqual([client.stats.callbackErrors, client.stats.malformed], [1, 0]);
	});
	it("sends the kept answer again for the same call, for a minute; then it is another call", () => {
		let calls = 0;
		const mqtt = connect({
			onRPC({ id }) {
				calls += 1;
				this.respond(id, calls, (error) => log.push(`answer ${calls} ${error}`));
			},
		});
		const again = () => {
			mqtt.deliver("v1/devices/me/rpc/request/3", '{"method":"toggle"}');
			mqtt.ack(mqtt.published.at(-1)?.id);
		};
		again();
		again();
		clock.advance(59_999);
		again();
		clock.advance(60_000);
		again();
		deepEqual(
			mqtt.published.map(({ text }) => text),
			["1", "1", "1", "2"],
		);
		deepEqual(log, ["answer 1 null", "answer 2 null"]);
		equal(client.stats.duplicates, 2);
	});
	it("takes the same call for another one where the answer was too long to keep", () => {
		let calls = 0;
		const mqtt = connect({
			onRPC({ id }) {
				calls += 1;
				this.respond(id, "x".repeat(600));
			},
		});
		for (let i = 0; i < 2; i++) {
			mqtt.deliver("v1/devices/me/rpc/request/3", '{"method":"long"}');
			mqtt.ack(mqtt.published[i]?.id);
		}
		equal(calls, 2);
	});
	it("goes to the handler of that very name, which answers now or later; all else to onRPC", () => {
		const calls: string[] = [];
		const mqtt = connect({ onRPC: ({ method }) => calls.push(method) });
		client.handle("set", function (params, { id }) {
			ok(this === client);
			return { params, id };
		});
		client.handle("later", (_, { id }) => {
			calls.push(`later ${id}`);
			return undefined;
		});
		client.handle("gone", () => 1);
		client.handle("gone", undefined);
		["set", "later", "gone", "setValue", "toString"].forEach((method, id) => {
			mqtt.deliver(`v1/devices/me/rpc/request/${id}`, JSON.stringify({ method, params: 7 }));
		});
		client.respond(1, "now");
		deepEqual(
			mqtt.published.map(({ topic = "", text }) => [topic.slice(-1), text]),
			[
				["0", '{"params":7,"id":0}'],
				["1", '"now"'],
			],
		);
		deepEqual(calls, ["later 1", "gone", "setValue", "toString"]);
	});
	it("answers what a handler throws, and an unknown method, with an error", () => {
		const mqtt = connect();
		client.handle("bad", () => {
			throw new Error("no lamp");
		});
		client.handle("close", () => {
			client.close();
			return 1;
		});
		mqtt.deliver("v1/devices/me/rpc/request/1", '{"method":"bad"}');
		mqtt.deliver("v1/devices/me/rpc/request/2", '{"method":"other"}');
		mqtt.deliver("v1/devices/me/rpc/request/3", '{"method":"close"}');
		deepEqual(
			mqtt.published.map(({ text }) => text),
			['{"error":"no lamp"}', '{"error":"no handler for other"}'],
		);
	});
	it("is answered on another connection, minutes later", () => {
		connect({ onRPC: () => {} });
		FakeMQTT.last.deliver("v1/devices/me/rpc/request/3", '{"method":"open"}');
		FakeMQTT.last.drop();
		clock.advance(60_000);
		FakeMQTT.last.accept();
		FakeMQTT.last.grant();
		client.respond(3, "done");
		equal(FakeMQTT.last.published[0]?.text, '"done"');
	});
	it("can be answered again when the outbox had no room, or is answered so when it comes again", () => {
		let calls = 0;
		connect({ outbox: { messages: 1 }, onRPC: () => calls++ });
		const mqtt = FakeMQTT.last;
		client.sendTelemetry({ a: 1 });
		const call = () => mqtt.deliver("v1/devices/me/rpc/request/0", '{"method":"x"}');
		call();
		client.respond(0, 1, note("first"));
		clock.advance(0);
		mqtt.ack(mqtt.published[0]?.id);
		call();
		client.respond(0, 2, note("second"));
		mqtt.ack(mqtt.published[1]?.id);
		deepEqual(log, ["first TB_OUTBOX_FULL"]);
		equal(mqtt.published[1]?.text, "1");
		clock.advance(0);
		deepEqual(log, ["first TB_OUTBOX_FULL", "second TB_OUTBOX_FULL"]);
		equal(calls, 1);
	});
	it("runs again when the answer was dropped and too long to keep", () => {
		let calls = 0;
		connect({ outbox: { messages: 1 }, onRPC: () => calls++ });
		client.sendTelemetry({ a: 1 });
		for (let i = 0; i < 2; i++) {
			FakeMQTT.last.deliver("v1/devices/me/rpc/request/0", '{"method":"x"}');
			client.respond(0, "x".repeat(600));
			clock.advance(0);
		}
		equal(calls, 2);
	});
	it("is answered with an error when the answer is too large, and the application is told", () => {
		const mqtt = connect({ onRPC: () => {} });
		mqtt.deliver("v1/devices/me/rpc/request/0", '{"method":"x"}');
		client.respond(0, "x".repeat(70_000), note("large"));
		equal(mqtt.published[0]?.text, '{"error":"the answer has 70002 bytes, 65000 are possible"}');
		mqtt.ack(mqtt.published[0]?.id);
		deepEqual(log, ["large TB_TOO_LARGE"]);
		client.respond(1, "x".repeat(70_000));
		for (let i = 0; i < 20; i++) client.respond(2, "x".repeat(70_000), note("no room"));
		clock.advance(0);
		ok(log.includes("no room TB_OUTBOX_FULL"));
	});
	it("forgets an answer that ends connections", () => {
		let calls = 0;
		connect({ onRPC: () => calls++ });
		FakeMQTT.last.deliver("v1/devices/me/rpc/request/0", '{"method":"x"}');
		client.respond(0, "poison");
		for (let i = 0; i < 2; i++) {
			FakeMQTT.last.drop();
			clock.advance(60_000);
			FakeMQTT.last.accept();
			FakeMQTT.last.grant();
		}
		equal(FakeMQTT.last.published.length, 0);
		FakeMQTT.last.deliver("v1/devices/me/rpc/request/0", '{"method":"x"}');
		equal(calls, 2);
	});
});
