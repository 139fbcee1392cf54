import type { ChildRPC } from "gateway";
import { deepEqual, equal, includes, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { begin, client, deliver, gateway, live, log, mqtt, note, serve, told, up } from "./rig.ts";

const call = (device: string, id: number, method = "m", params: unknown = null) =>
	deliver("rpc", { device, data: { id, method, params } });
const notice = (id: number, method: string, params: unknown) =>
	mqtt().deliver(`v1/devices/me/rpc/request/${id}`, JSON.stringify({ method, params }));

describe("TBGateway: calls", () => {
	beforeEach(begin);

	it("reach the application with child and id, 0 included, and are answered", () => {
		const calls: ChildRPC[] = [];
		live(["A", "B"], { onRPC: (one) => void calls.push(one) });
		call("A", 0, "toggle", { pin: 1 });
		deliver("rpc", { device: "B", data: { id: 0, method: "toggle" } });
		deepEqual(calls, [
			{ device: "A", id: 0, method: "toggle", params: { pin: 1 } },
			{ device: "B", id: 0, method: "toggle", params: null },
		]);
		gateway.respond("B", 0, { ok: true }, note("B"));
		gateway.respond("A", 0, undefined as never);
		deepEqual(serve(), [
			'rpc {"device":"B","id":0,"data":{"ok":true}}',
			'rpc {"device":"A","id":0,"data":null}',
		]);
		clock.advance(1000);
		deepEqual(log, ["B done"]);
	});
	it("run once, however often they come, and get the same answer again", () => {
		const calls: ChildRPC[] = [];
		live(["A"], { onRPC: (one) => void calls.push(one) });
		call("A", 3);
		call("A", 3);
		gateway.respond("A", 3, 1);
		call("A", 3);
		deepEqual(serve(), ['rpc {"device":"A","id":3,"data":1}']);
		clock.advance(1000);
		call("A", 3);
		deepEqual(serve(), ['rpc {"device":"A","id":3,"data":1}']);
		equal(calls.length, 1);
		equal(gateway.stats.duplicates, 3);
		call("A", 3, "other");
		clock.advance(61_000);
		gateway.respond("A", 3, "x".repeat(600));
		serve();
		clock.advance(1000);
		call("A", 3, "other");
		equal(calls.length, 3, "another call of that id, and one whose answer was too long to be kept");
	});
	it("run again a minute after their answer: a restarted server counts from 0 again", () => {
		let calls = 0;
		live(["A"], { onRPC: ({ id }) => gateway.respond("A", id, ++calls) });
		call("A", 0);
		serve();
		clock.advance(62_000);
		call("A", 0);
		deepEqual(serve(), ['rpc {"device":"A","id":0,"data":2}']);
	});
	it("are remembered 32 deep", () => {
		let calls = 0;
		live(["A"], { onRPC: () => void calls++ });
		for (let id = 0; id < 33; id++) call("A", id);
		call("A", 1);
		equal(calls, 33);
		call("A", 0);
		equal(calls, 34);
	});
	it("whose answer was dropped are handed over again", () => {
		let calls = 0;
		live(["A"], { onRPC: () => void calls++, queue: { bytes: 200 }, batch: 1000 });
		call("A", 1);
		gateway.respond("A", 1, "x".repeat(600), note("full"));
		clock.advance(0);
		deepEqual(log, ["full TB_OUTBOX_FULL"]);
		call("A", 1);
		equal(calls, 2);
	});
	it("whose handler throws are answered with the error, as those that nobody handles", () => {
		live(["A"], {
			onRPC: () => {
				throw new Error("not now");
			},
		});
		call("A", 1);
		deepEqual(serve(), ['rpc {"device":"A","id":1,"data":{"error":"not now"}}']);
		deepEqual(log, ["gateway TB_CALLBACK: onRPC threw: not now"]);
		live();
		call("A", 1);
		deepEqual(serve(), ['rpc {"device":"A","id":1,"data":{"error":"no handler for m"}}']);
	});
	it("whose answer is too large get an error in its place", () => {
		live(["A"], { batch: 256, onRPC: () => undefined });
		call("A", 1);
		gateway.respond("A", 1, "x".repeat(300), told("large"));
		deepEqual(serve(), [
			'rpc {"device":"A","id":1,"data":{"error":"the answer has 317 bytes, 256 are possible"}}',
		]);
		includes(log[0] ?? "", 'large TB_TOO_LARGE: respond 1 of "A": expected at most 256 bytes, got 317');
	});
	it("for nobody are counted and told, and their answers too", () => {
		live();
		call("B", 1);
		gateway.respond("B", 1, 1, note("respond"));
		gateway.respond("A", 77, 1);
		deepEqual(serve(), ['rpc {"device":"A","id":77,"data":1}']);
		deepEqual(log, [
			'gateway TB_CHILD: call 1 of "B": expected one of the gateway\'s children',
			"respond TB_CHILD",
		]);
		equal(gateway.stats.unknown, 1);
	});
	it("are answered on the next connection, if need be", () => {
		live(["A"], { onRPC: () => undefined });
		call("A", 1);
		mqtt().drop();
		gateway.respond("A", 1, "later");
		up();
		deepEqual(serve(), ['connect {"device":"A"}', 'rpc {"device":"A","id":1,"data":"later"}']);
	});
});

describe("TBGateway: attributes of the server", () => {
	beforeEach(begin);

	it("are asked for scope by scope, and both shapes of the answer are understood", () => {
		live();
		const got: unknown[] = [];
		const ask = (keys: object) =>
			gateway.requestAttributes("A", keys, (error, values) => got.push(error?.code ?? values));
		ask({ client: ["a"] });
		ask({ shared: ["a", "b"] });
		ask({ client: ["none"], shared: ["c"] });
		ask({ shared: ["d", "d"] });
		deepEqual(serve(), [
			'attributes/request {"device":"A","id":1,"client":true,"keys":["a"]}',
			'attributes/request {"device":"A","id":2,"client":false,"keys":["a","b"]}',
			'attributes/request {"device":"A","id":3,"client":true,"keys":["none"]}',
			'attributes/request {"device":"A","id":4,"client":false,"keys":["c"]}',
			'attributes/request {"device":"A","id":5,"client":false,"keys":["d"]}',
		]);
		deliver("attributes/response", { id: 2, device: "A", values: { b: 2 } });
		deliver("attributes/response", { id: 1, device: "A", value: "x" });
		deliver("attributes/response", { id: 4, device: "A", value: false });
		deliver("attributes/response", { id: 3, device: "A" });
		deliver("attributes/response", { id: 5, device: "A", value: { deep: 1 } });
		deliver("attributes/response", { id: 5, device: "A", value: 1 });
		deepEqual(got, [
			{ shared: { b: 2 } },
			{ client: { a: "x" } },
			{ shared: { c: false } },
			{ shared: { d: { deep: 1 } } },
		]);
	});
	it("may never come: timeout, a lost connection, too many questions, nobody to ask for", () => {
		live();
		const ask = (device = "A", keys: object = { client: ["a"] }) =>
			gateway.requestAttributes(device, keys, (error) => log.push(error?.code ?? "done"));
		for (let i = 0; i < 7; i++) ask();
		ask("A", { client: ["a"], shared: ["b"] });
		ask("B");
		clock.advance(0);
		deepEqual(log.splice(0), ["TB_OUTBOX_FULL", "TB_CHILD"]);
		serve();
		clock.advance(20_000);
		deepEqual(log.splice(0), Array(7).fill("TB_TIMEOUT"));
		ask();
		mqtt().drop();
		ask();
		clock.advance(0);
		deepEqual(
			log.filter((line) => !line.includes("LOST")),
			["TB_DISCONNECTED", "TB_DISCONNECTED"],
		);
		up();
		deepEqual(serve(), ['connect {"device":"A"}'], "what was asked on another connection is not asked again");
		deepEqual(gateway.device("A"), { connected: true, messages: 0, bytes: 0, dropped: 0 });
		for (const keys of [{}, { client: [] }, { shared: [""] }, { shared: [7 as never] }])
			throws(() => gateway.requestAttributes("A", keys, () => undefined), "requestAttributes");
	});
	it("that have no room are not asked for", () => {
		live(["A"], { queue: { messages: 1 } });
		for (let i = 0; i < 2; i++)
			gateway.requestAttributes("A", { client: ["a"] }, (error) => log.push(error?.code ?? "done"));
		clock.advance(0);
		deepEqual(log, ["TB_OUTBOX_FULL"]);
	});
	it("are pushed to whoever watches: all, a child, a key, any number of times", () => {
		live(["A", "B"]);
		const watch = (what: string) => (device: string, values: object, deleted: string[]) =>
			void log.push(`${what}: ${device} ${JSON.stringify(values)} ${deleted}`);
		const all = watch("all");
		gateway.watchAttributes({}, all);
		gateway.watchAttributes({ device: "A" }, watch("A"));
		gateway.watchAttributes({ device: "A", keys: ["x"] }, watch("A.x"));
		gateway.watchAttributes({ device: "A", keys: ["x"] }, watch("A.x too"));
		gateway.watchAttributes({ keys: ["y"] }, watch("y"));
		deliver("attributes", { device: "A", data: { x: 1, z: 2 } });
		deepEqual(log.splice(0), [
			'attributes A {"x":1,"z":2} ',
			'all: A {"x":1,"z":2} ',
			'A: A {"x":1,"z":2} ',
			'A.x: A {"x":1} ',
			'A.x too: A {"x":1} ',
		]);
		gateway.unwatchAttributes(all);
		deliver("attributes", { device: "B", data: { deleted: ["y"] } });
		deepEqual(log.splice(0), ["attributes B {} y", "y: B {} y"]);
		deliver("attributes", { device: "C", data: { x: 1 } });
		deepEqual(log, ['gateway TB_CHILD: attributes "C": expected one of the gateway\'s children']);
		for (let i = 0; i < 60; i++) gateway.watchAttributes({}, all);
		throws(() => gateway.watchAttributes({}, all), "64");
	});
});

describe("TBGateway: notices of the server", () => {
	beforeEach(begin);

	it("of a rename: the old session ends, the new one begins, what waits goes under the new name", () => {
		live();
		gateway.watchAttributes({ device: "A" }, (device) => void log.push(`watch ${device}`));
		gateway.sendTelemetry("A", { t: 1 });
		notice(0, "gateway_device_renamed", { A: "Z" });
		deepEqual(serve(), ['disconnect {"device":"A"}', 'connect {"device":"Z"}', 'telemetry {"Z":[{"t":1}]}']);
		deepEqual([log.splice(0), gateway.devices], [["A is Z", "child Z connected"], ["Z"]]);
		notice(1, "gateway_device_renamed", { A: "Z" });
		deliver("attributes", { device: "Z", data: { x: 1 } });
		deepEqual(log.splice(0), ['attributes Z {"x":1} ', "watch Z"]);
		gateway.connect("A");
		serve();
		notice(2, "gateway_device_renamed", { A: "Z" });
		deepEqual(gateway.devices, ["Z", "A"], "a notice that comes again after the name was used anew");
	});
	it("of a rename while the session is being opened, or before", () => {
		live();
		gateway.connect("B");
		mqtt().drop();
		up();
		notice(0, "gateway_device_renamed", { B: "Y" });
		deepEqual(serve(), [
			'connect {"device":"B"}',
			'disconnect {"device":"B"}',
			'connect {"device":"A"}',
			'connect {"device":"Y"}',
		]);
		mqtt().drop();
		up();
		notice(1, "gateway_device_renamed", { Y: "B" });
		notice(2, "gateway_device_renamed", { A: "X" });
		deepEqual(serve(), [
			'connect {"device":"A"}',
			'disconnect {"device":"A"}',
			'connect {"device":"B"}',
			'connect {"device":"X"}',
		]);
	});
	it("of a deletion: nothing more is sent, and everything that waits is told so", () => {
		live(["A", "B"], { onRPC: ({ device }) => log.push(`call ${device}`) });
		call("A", 1);
		gateway.sendTelemetry("A", { t: 1 }, told("t"));
		gateway.requestAttributes("A", { client: ["a"] }, (error) => log.push(`request ${error?.code}`));
		notice(0, "gateway_device_deleted", "A");
		notice(1, "gateway_device_deleted", "A");
		gateway.respond("A", 1, 1, note("respond"));
		gateway.sendTelemetry("B", { t: 2 });
		deepEqual(serve(), ['telemetry {"B":[{"t":2}]}']);
		deepEqual(log, [
			"call A",
			"A deleted",
			"request TB_CHILD",
			't TB_CHILD: publish "A": the device was deleted on the server',
			"respond TB_CHILD",
		]);
		deepEqual(gateway.devices, ["B"]);
	});
	it("that are malformed are told, and other calls are the application's", () => {
		live();
		notice(0, "gateway_device_renamed", "A");
		notice(1, "gateway_device_renamed", { A: 7 });
		notice(2, "gateway_device_deleted", {});
		notice(3, "other", null);
		equal(mqtt().published.filter(({ topic }) => topic?.includes("rpc/response")).length, 1);
		deepEqual(log, [
			"gateway TB_MALFORMED: gateway_device_renamed: expected a payload of this topic, got a string",
			"gateway TB_MALFORMED: gateway_device_renamed: expected a payload of this topic, got new name: a number",
			"gateway TB_MALFORMED: gateway_device_deleted: expected a payload of this topic, got device: a object",
		]);
	});
});

describe("TBGateway: malformed messages of the server", () => {
	beforeEach(begin);

	const wrong = [
		"",
		"x",
		"[]",
		"7",
		"null",
		"{}",
		'{"device":"A"}',
		'{"device":7,"data":{}}',
		'{"device":"A","data":[]}',
		'{"device":"","data":{"id":0,"method":"m"}}',
	];
	const cases: Record<string, string[]> = {
		rpc: [
			...wrong,
			'{"device":"A","data":{"method":"m"}}',
			'{"device":"A","data":{"id":0}}',
			'{"device":"A","data":{"id":0.5,"method":"m"}}',
			'{"device":"A","data":{"id":"0","method":"m"}}',
		],
		attributes: wrong,
		"attributes/response": ["", "x", "[]", "{}", '{"id":"1"}', '{"id":1,"values":[]}'],
		disconnect: ["", "x", "{}", '{"device":"A"}', '{"reason":1}'],
	};
	for (const [topic, payloads] of Object.entries(cases))
		it(`on ${topic} are told and counted; nothing else happens`, () => {
			live(["A"], { onRPC: () => log.push("call"), onAttributes: () => log.push("attributes") });
			for (const payload of payloads) deliver(topic, payload);
			deepEqual(
				log.filter((line) => !line.startsWith("gateway TB_MALFORMED: v1/gateway/")),
				[],
			);
			equal(gateway.stats.malformed, payloads.length);
			equal(client.connected, true);
		});
	it("on topics that do not exist are the client's to count", () => {
		live();
		deliver("metrics", "{}");
		mqtt().deliver("other", "{}");
		deepEqual([log, client.stats.unknown], [[], 2]);
	});
});
