import "../../setup.ts";
import { deepEqual, equal, includes } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log } from "./rig.ts";

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
	it("takes the same call for a new one once its answer is acknowledged, and completes the answer", () => {
		let calls = 0;
		const mqtt = connect({
			onRPC({ id }) {
				calls += 1;
				this.respond(id, calls, (error) => log.push(`answer ${calls} ${error}`));
			},
		});
		for (let i = 1; i <= 2; i++) {
			mqtt.deliver("v1/devices/me/rpc/request/3", '{"method":"toggle"}');
			mqtt.ack(mqtt.published[i - 1]?.id);
		}
		deepEqual(log, ["answer 1 null", "answer 2 null"]);
	});
});
