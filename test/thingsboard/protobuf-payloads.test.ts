// Devices of a protobuf profile, against bytes that Google's implementation made.
import { protobufOf } from "../../thingsboard/mqtt/protobuf-downlink.ts";
import { jsonOfProtobuf, type Uplink } from "../../thingsboard/mqtt/protobuf-uplink.ts";
import { Message } from "../../thingsboard/protobuf.ts";
import { deepEqual, equal, throws } from "../assert.ts";
import { vectors } from "../modules/tbclient/protobuf-vectors.ts";
import { type Bench, bench, online, type Peer } from "./server.ts";

const bytes = (type: string, at = 0): Buffer =>
	Buffer.from(vectors.filter(([name]) => name === type)[at]?.[2] ?? "", "hex");
const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");

describe("thingsboard protobuf payloads", () => {
	const uplinks: [Uplink, string, number, string][] = [
		["telemetry", "SensorDataReading", 0, '{"temperature":21.5,"humidity":0.0}'],
		["telemetry", "SensorDataReading", 2, '{"innerObject":{}}'],
		["telemetry", "SensorDataReading", 3, "{}"],
		["rpcResponse", "RpcResponseMsg", 0, '{"payload":"{\\"lamp\\":true}"}'],
		["attributesRequest", "AttributesRequest", 0, '{"clientKeys":"a,b","sharedKeys":"c"}'],
		["rpcRequest", "RpcRequest", 0, '{"method":"getTime","params":{}}'],
		["claim", "ClaimDevice", 0, '{"secretKey":"s","durationMs":60000}'],
	];
	for (const [what, type, at, text] of uplinks)
		it(`reads ${type} as ${text}`, () => equal(jsonOfProtobuf(what, bytes(type, at)), text));

	it("reads every type of the stock telemetry", () => {
		deepEqual(JSON.parse(jsonOfProtobuf("telemetry", bytes("SensorDataReading", 1))), {
			temperature: -1e-9,
			innerObject: { key1: "grün ☃ 😀", key2: false, key3: 1e300, key4: -2147483648, key5: "" },
		});
	});

	const values = '{"b":true,"no":false,"l":-9007199254740991,"zero":0,"d":-0.5,"s":"grün","j":{"a":[1,2]}}';

	it("writes attributes of every type", () => {
		const update = protobufOf("attributesUpdate", 0, values, 5);
		equal(hex(update), hex(bytes("AttributeUpdateNotificationMsg", 2)));
		equal(
			hex(protobufOf("attributesUpdate", 0, '{"deleted":["k1","k2"]}', 5)),
			hex(bytes("AttributeUpdateNotificationMsg", 1)),
		);
		equal(hex(protobufOf("attributesResponse", 0, "{}", 5)), "");
	});

	it("trap 18 writes LONG values beyond 2^53 as they are", () => {
		for (const value of ["9007199254740993", "-9223372036854775808"]) {
			const update = new Message(protobufOf("attributesUpdate", 0, `{"l":${value}}`, 5));
			const number = update.message(1).message(2).integer(4);
			equal(String(BigInt.asIntN(64, number)), value);
		}
	});

	it("writes calls of the server, and answers to the device's", () => {
		const call = (text: string, id: number) => hex(protobufOf("rpcRequest", id, text, 0));
		equal(call('{"method":"setLamp","params":true}', 0), hex(bytes("RpcRequestMsg")));
		equal(call('{"method":"say","params":"plain words"}', 7), hex(bytes("RpcRequestMsg", 1)));
		equal(call('{"method":"ping","params":null}', 2147483647), hex(bytes("RpcRequestMsg", 2)));
		throws(() => call('{"method":"set","params":{"pin":1}}', 1), "expected params that are text");
		equal(hex(protobufOf("rpcResponse", 1, '{"time":5}', 0)), hex(bytes("ToServerRpcResponseMsg")));
		equal(
			hex(protobufOf("rpcResponse", 1, '{"error":"timeout"}', 0)),
			hex(bytes("ToServerRpcResponseMsg", 1)),
		);
	});
});

describe("thingsboard: a device of a protobuf profile", () => {
	let at: Bench;
	let peer: Peer;
	beforeEach(async () => {
		at = await bench();
		at.device.profile = at.server.core.profiles.create({
			name: "proto",
			transport: { type: "MQTT", payloadType: "PROTOBUF" },
		});
		peer = await online(at);
	});
	afterEach(() => at.end());

	const latest = (key: string) => at.device.series.get(key)?.at(-1)?.value.text;

	for (const topic of ["v1/devices/me/telemetry", "v2/t", "v2/t/p"])
		it(`speaks protobuf on ${topic}`, async () => {
			peer.publish(topic, bytes("SensorDataReading"));
			equal(await peer.kind(), "puback 7");
			deepEqual([latest("temperature"), latest("humidity")], ["21.5", "0.0"]);
		});

	it("speaks JSON on v2/t/j", async () => {
		peer.publish("v2/t/j", '{"temperature":1}');
		equal(await peer.kind(), "puback 7");
		equal(latest("temperature"), "1");
	});

	it("is closed for JSON, unless its profile is compatible with it", async () => {
		at.device.profile.transport.enableCompatibilityWithJsonPayloadFormat = true;
		peer.publish("v1/devices/me/telemetry", '{"temperature":1}');
		equal(await peer.kind(), "puback 7");
		at.device.profile.transport.enableCompatibilityWithJsonPayloadFormat = false;
		peer.publish("v1/devices/me/telemetry", '{"temperature":1}');
		equal(await peer.kind(), "closed");
	});

	it("gets the result of a call that its schema cannot carry without hearing of it", async () => {
		peer.send({
			cmd: "subscribe",
			messageId: 3,
			subscriptions: [{ topic: "v1/devices/me/rpc/request/+", qos: 1 }],
		});
		equal((await peer.kind()).split(" ")[0], "suback");
		await peer.quiet();
		const outcome = new Promise((done) =>
			at.device.rpc.call(
				{ method: "set", params: '{"pin":1}', oneway: false, timeout: 5000, done },
				at.device.session,
			),
		);
		deepEqual(await outcome, {
			kind: "reply",
			text: '{"error":"rpc: expected params that are text in the stock schema"}',
		});
	});
});
