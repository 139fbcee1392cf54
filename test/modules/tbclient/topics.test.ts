import "../../setup.ts";
import { jsonCodec } from "tbclient/codec";
import type { Payload } from "tbclient/message";
import { type Route, route, shortTopics, Topic } from "tbclient/topics";
import { deepEqual, equal } from "../../assert.ts";
import { begin, client, connect, log } from "./rig.ts";

describe("TBClient: topics", () => {
	beforeEach(begin);

	it("are those of the profile where it has filters of its own", () => {
		const mqtt = connect({ topics: { telemetry: "plant/7/t", attributes: "plant/7/a" } });
		client.sendTelemetry({ a: 1 });
		client.sendAttributes({ b: 2 });
		deepEqual(
			mqtt.published.map(({ topic }) => topic),
			["plant/7/t", "plant/7/a"],
		);
		mqtt.deliver(Topic.attributesUpdate, '{"c":3}');
		deepEqual(log, ['attributes {"c":3} ']);
	});

	it("are short where the application says so, in both directions", () => {
		const mqtt = connect({ topics: shortTopics("j"), onRPC: ({ id }) => client.respond(id, 1) });
		equal(
			mqtt
				.of(8)[0]
				?.items?.map(({ topic }) => topic)
				.slice(0, 3)
				.join(" "),
			"v2/a/j v2/a/res/j/+ v2/r/req/j/+",
		);
		client.sendTelemetry({ a: 1 });
		mqtt.ack(mqtt.published[0]?.id);
		client.requestAttributes({ shared: ["k"] }, (_, { shared }) => log.push(JSON.stringify(shared)));
		mqtt.deliver("v2/a/res/j/1", '{"shared":{"k":1}}');
		mqtt.deliver("v2/r/req/j/0", '{"method":"m"}');
		mqtt.deliver("v2/a/j", '{"deleted":["k"]}');
		deepEqual(
			mqtt.published.map(({ topic, text }) => `${topic} ${text}`),
			['v2/t/j {"a":1}', 'v2/a/req/j/1 {"sharedKeys":"k"}', "v2/r/res/j/0 1"],
		);
		deepEqual(log, ['{"k":1}', "attributes {} k"]);
	});

	it("have a form for the profile's payload, one for JSON and one for protobuf", () => {
		deepEqual(
			[shortTopics(), shortTopics("j"), shortTopics("p")].map(({ telemetry, rpcRequest }) => [
				telemetry,
				rpcRequest,
			]),
			[
				["v2/t", "v2/r/req/"],
				["v2/t/j", "v2/r/req/j/"],
				["v2/t/p", "v2/r/req/p/"],
			],
		);
	});

	it("of answers to our RPCs are known in the default form too", () => {
		const answer: Route = { kind: "rpcResponse", id: 5 };
		deepEqual(route("v1/devices/me/rpc/response/5", Topic), answer);
		deepEqual(route("v2/r/res/5", shortTopics()), answer);
		deepEqual(route("v1/devices/me/rpc/response/5", shortTopics()), answer);
	});

	it("with a number that is none are unknown", () => {
		for (const id of ["", "x", "1x", "2147483648", "12345678901"])
			deepEqual(route(Topic.rpcRequest + id, Topic), { kind: "unknown" });
	});
});

describe("TBClient: a codec of the application", () => {
	beforeEach(begin);

	it("makes and reads every payload", () => {
		const upper = (value: unknown) => ArrayBuffer.fromString(JSON.stringify(value).toUpperCase());
		const mqtt = connect({
			codec: {
				...jsonCodec,
				encodeTelemetry: upper,
				decodeRPCRequest: () => ({ method: "always", params: 7 }),
			},
			onRPC: ({ method, params }) => log.push(`${method} ${params}`),
		});
		client.sendTelemetry({ a: "b" });
		equal(mqtt.published[0]?.text, '{"A":"B"}');
		mqtt.deliver(`${Topic.rpcRequest}1`, "\u0001");
		deepEqual(log, ["always 7"]);
	});

	it("that cannot encode tells the caller, and nothing is kept", () => {
		const mqtt = connect({
			codec: {
				...jsonCodec,
				encodeTelemetry() {
					throw new TypeError("no");
				},
			},
		});
		let thrown: unknown;
		try {
			client.sendTelemetry({ a: 1 });
		} catch (error) {
			thrown = error;
		}
		equal(String(thrown), "TypeError: no");
		equal(mqtt.published.length, 0);
	});
});

describe("The JSON codec", () => {
	const text = (payload: Payload) =>
		typeof payload === "string" ? payload : String.fromArrayBuffer(payload);
	const bytes = (string: string) => ArrayBuffer.fromString(string);

	it("says a claim with what is given only", () => {
		equal(text(jsonCodec.encodeClaim({})), "{}");
		equal(text(jsonCodec.encodeClaim({ secretKey: "s", durationMs: 1 })), '{"secretKey":"s","durationMs":1}');
	});

	it("says a call and reads any answer", () => {
		equal(text(jsonCodec.encodeRPCRequest("m", { a: 1 })), '{"method":"m","params":{"a":1}}');
		deepEqual(jsonCodec.decodeRPCResponse(bytes("[1]")), [1]);
	});

	it("answers null for what JSON cannot carry", () => {
		equal(text(jsonCodec.encodeRPCResponse(undefined as never)), "null");
	});
});
