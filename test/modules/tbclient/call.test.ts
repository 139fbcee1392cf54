import "../../setup.ts";
import { deepEqual, equal, includes, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make, note } from "./rig.ts";

const Asked = "v1/devices/me/rpc/request/";
const Answered = "v1/devices/me/rpc/response/";
const asked = () => FakeMQTT.last.published.filter(({ topic = "" }) => topic.startsWith(Asked));
const answer = (index: number, text: string) => {
	const id = asked()[index]?.topic?.slice(Asked.length);
	FakeMQTT.last.deliver(Answered + id, text);
};

describe("TBClient: calls to the server", () => {
	beforeEach(begin);

	it("ask with method and parameters, and get any JSON for an answer, once", () => {
		connect({ inFlight: 9 });
		const answers: unknown[] = [];
		for (const params of [1, {}, null])
			client.call("getTime", params, (error, got) => answers.push(error, got));
		equal(asked()[0]?.text, '{"method":"getTime","params":1}');
		answer(1, '"noon"');
		answer(0, "null");
		answer(0, "5");
		answer(2, '{"error":"x","more":1}');
		deepEqual(answers, [null, "noon", null, null, null, { error: "x", more: 1 }]);
		deepEqual([client.stats.malformed, log], [0, []]);
	});
	it("have ids of their own: a reply to us is none to the server", () => {
		const ids = [0, 0.999].map((random) => {
			begin();
			connect({ random: () => random });
			client.call("a", 1, () => {});
			return Number(asked()[0]?.topic?.slice(Asked.length));
		});
		equal(ids[0], 1);
		equal(ids[1], Math.floor(0.999 * 2 ** 30) + 1);
	});
	it("end with the server's error, its own timeout told as such", () => {
		connect();
		client.call("a", 1, (error) => log.push(String(error)));
		client.call("b", 1, note("b"));
		answer(0, '{"error":"no such rule"}');
		answer(1, '{"error":"timeout"}');
		includes(log[0] ?? "", "TB_RPC: call");
		includes(log[0] ?? "", "no such rule");
		equal(log[1], "b TB_TIMEOUT");
	});
	it("end in time, each by its own deadline, and late answers are ignored", () => {
		connect();
		client.call("a", 1, note("a"));
		client.call("b", 1, note("b"), 1000);
		client.call("c", 1, note("c"), 70_000);
		for (const { id } of asked()) FakeMQTT.last.ack(id);
		clock.advance(1000);
		deepEqual(log, ["b TB_TIMEOUT"]);
		clock.advance(19_000);
		deepEqual(log[1], "a TB_TIMEOUT");
		answer(0, "1");
		clock.advance(50_000);
		deepEqual(log.slice(2), ["c TB_TIMEOUT"]);
	});
	it("end with the connection, need one, and are at most 8", () => {
		make();
		client.call("a", 1, note("offline"));
		clock.advance(0);
		deepEqual(log, ["offline TB_DISCONNECTED"]);
		connect();
		for (let i = 0; i < 9; i++) client.call("a", 1, note(`${i}`));
		clock.advance(0);
		deepEqual(log, ["8 TB_OUTBOX_FULL"]);
		FakeMQTT.last.drop();
		equal(log.filter((line) => line.endsWith("TB_DISCONNECTED")).length, 8);
	});
	it("are refused when too large, and without a method", () => {
		connect();
		client.call("a", "x".repeat(70_000), note("large"));
		clock.advance(0);
		deepEqual(log, ["large TB_TOO_LARGE"]);
		throws(() => client.call("", 1, () => {}), "expected a method");
	});
	it("report an answer that is no JSON, or nested too deep", () => {
		connect();
		client.call("a", 1, note("a"));
		answer(0, "{");
		answer(0, "[".repeat(33) + "]".repeat(33));
		equal(client.stats.malformed, 2);
		const text = JSON.stringify(`${"[{".repeat(40)}"]\\`);
		const deep = `${"[".repeat(31)}${text},{}${"]".repeat(31)}`;
		answer(0, deep);
		deepEqual(log.at(-1), "a done");
	});
});
