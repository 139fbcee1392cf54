import "../../setup.ts";
import { decode, encode, type Scalar, type Schema } from "tbclient/protobuf";
import {
	protobufCodec,
	RpcRequestMsg,
	RpcResponseMsg,
	SensorConfiguration,
	SensorDataReading,
} from "tbclient/protobuf-codec";
import { shortTopics } from "tbclient/topics";
import { deepEqual, equal, throws } from "../../assert.ts";
import { vectors } from "./protobuf-vectors.ts";
import { begin, client, connect, log } from "./rig.ts";

const scalars: Scalar[] = ["double", "float", "bool", "string", "int32", "int64", "uint32"];
const All: { [name: string]: Schema[string] } = {};
scalars.forEach((type, index) => {
	All[type] = [index + 1, type];
	All[`${type}s`] = [index + 11, type, "repeated"];
});
All.nested = [300, All, "repeated"];

const hex = (buffer: ArrayBuffer): string =>
	[...new Uint8Array(buffer)].map((byte) => (byte + 256).toString(16).slice(1)).join("");
const bytes = (text: string): ArrayBuffer =>
	new Uint8Array((text.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))).buffer;
const vectorsOf = (type: string) => vectors.filter(([name]) => name === type);
const first = (type: string, at = 0): ArrayBuffer => bytes(vectorsOf(type)[at]?.[2] ?? "");

describe("Protocol Buffers", () => {
	const schemas: Record<string, Schema> = {
		All,
		SensorDataReading,
		SensorConfiguration,
		RpcRequestMsg,
		RpcResponseMsg,
	};
	for (const [type, values, text] of vectors.filter(([name]) => schemas[name]))
		it(`are as Google's own: ${type} ${JSON.stringify(values).slice(0, 60)}`, () => {
			const schema = schemas[type] as Schema;
			equal(hex(encode(schema, values)), text);
			deepEqual(decode(schema, bytes(text)), values);
		});

	it("leave out null and what is absent", () => {
		equal(encode(SensorDataReading, { temperature: null, humidity: undefined as never }).byteLength, 0);
	});

	it("grow with what is written", () => {
		const values = { string: "x".repeat(100_000) };
		deepEqual(decode(All, encode(All, values)), values);
	});

	it("skip fields that the schema lacks, of every wire type", () => {
		const known: Schema = { bool: [3, "bool"] };
		deepEqual(decode(known, first("All")), { bool: true });
		deepEqual(decode(known, bytes("9d0500000000")), {});
	});

	it("take repeated numbers one by one, too", () => {
		deepEqual(decode(All, bytes("780178027a0103")), { int32s: [1, 2, 3] });
	});

	const wrong: [string, object, string][] = [
		[
			"a name that the schema lacks",
			{ wind: 1 },
			"expected one of temperature,humidity,innerObject, got wind",
		],
		["a name of every object", { toString: 1 }, "got toString"],
		["text for a number", { temperature: "1" }, "temperature: expected a double"],
		["a list for a message", { innerObject: [] }, "innerObject: expected an object"],
		["text for a message", { innerObject: "x" }, "innerObject: expected an object"],
		["a number for text", { innerObject: { key1: 1 } }, "key1: expected a string"],
		["a number for a boolean", { innerObject: { key2: 1 } }, "key2: expected a bool"],
		["a fraction for an integer", { innerObject: { key4: 0.5 } }, "key4: expected an int32"],
		["an integer out of range", { innerObject: { key4: 2 ** 31 } }, "key4: expected an int32"],
	];
	for (const [name, values, text] of wrong)
		it(`refuse ${name}`, () => void throws(() => encode(SensorDataReading, values as never), text));

	it("refuse one value where many belong", () => {
		throws(() => encode(All, { int32s: 1 }), "int32s: expected a list, got number");
	});

	const broken: [string, string, string][] = [
		["that end in a varint", "28ff", "expected 1 bytes"],
		["with a varint of 11 bytes", `28${"ff".repeat(10)}01`, "varint of at most 10 bytes"],
		["with a length past the end", "220561", "expected 5 bytes"],
		["with a negative length", "22ffffffffffffffffff01", "expected -1 bytes"],
		["with a group", "4b", "expected wire type 0, 1, 2 or 5, got 3"],
		["with another wire type than the schema's", "0801", "double: expected wire type 1, got 0"],
		["with a message for a number", "2a00", "int32: expected wire type 0, got 2"],
	];
	for (const [name, text, reason] of broken)
		it(`refuse bytes ${name}`, () => void throws(() => decode(All, bytes(text)), reason));

	it("never take forever, nor more than they were given, at random", () => {
		let seed = 1;
		for (let i = 0; i < 2000; i++) {
			const noise = new Uint8Array(i % 40);
			for (let at = 0; at < noise.length; at++) {
				seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
				noise[at] = seed >>> 16;
			}
			try {
				JSON.stringify(decode(All, noise.buffer));
			} catch (error) {
				if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
			}
		}
	});
});

describe("The protobuf codec", () => {
	const codec = protobufCodec();
	beforeEach(begin);

	it("writes what the server reads: requests, calls and claims", () => {
		equal(
			hex(codec.encodeAttributesRequest({ client: ["a", "b"], shared: ["c"] })),
			hex(first("AttributesRequest")),
		);
		equal(hex(codec.encodeRPCRequest("getTime", {})), hex(first("RpcRequest")));
		equal(hex(codec.encodeClaim({ secretKey: "s", durationMs: 60_000 })), hex(first("ClaimDevice")));
		equal(codec.encodeClaim({}).byteLength, 0);
		equal(hex(codec.encodeTelemetry({ temperature: 21.5, humidity: 0 })), hex(first("SensorDataReading")));
		equal(hex(codec.encodeRPCResponse({ lamp: true })), hex(first("RpcResponseMsg")));
		deepEqual(decode(RpcResponseMsg, codec.encodeRPCResponse("on")), { payload: "on" });
		deepEqual(decode(RpcResponseMsg, codec.encodeRPCResponse(undefined as never)), { payload: "null" });
	});

	const values = {
		...{ b: true, no: false, l: -9007199254740991, zero: 0, d: -0.5, s: "grün" },
		j: { a: [1, 2] },
	};

	it("reads attributes of every type, also those that proto3 leaves out", () => {
		deepEqual(codec.decodeAttributesResponse(first("GetAttributeResponseMsg")), {
			client: values,
			shared: { b: true },
		});
		deepEqual(codec.decodeAttributesResponse(first("GetAttributeResponseMsg", 2)), {});
		throws(() => codec.decodeAttributesResponse(first("GetAttributeResponseMsg", 1)), "no such device");
		deepEqual(codec.decodeAttributesUpdate(first("AttributeUpdateNotificationMsg")), { values, deleted: [] });
		deepEqual(codec.decodeAttributesUpdate(first("AttributeUpdateNotificationMsg", 1)), {
			values: {},
			deleted: ["k1", "k2"],
		});
	});

	it("takes a value without any member for false, an empty double for 0, empty text for what it is", () => {
		// updated: {kv {}}, {}, {kv {key "d" type 2}}, {kv {key "s" type 3}}, {kv {key "j" type 4}}
		const text = "0a021200" + "0a00" + "0a0712050a01641002" + "0a0712050a01731003" + "0a0712050a016a1004";
		deepEqual(codec.decodeAttributesUpdate(bytes(text)).values, { "": false, d: 0, s: "", j: null });
	});

	it("reads calls and answers, JSON as JSON and other text as text", () => {
		deepEqual(
			[0, 1, 2].map((at) => codec.decodeRPCRequest(first("RpcRequestMsg", at))),
			[
				{ method: "setLamp", params: true },
				{ method: "say", params: "plain words" },
				{ method: "ping", params: null },
			],
		);
		deepEqual(codec.decodeRPCRequest(bytes("")), { method: "", params: null });
		deepEqual(codec.decodeRPCResponse(first("ToServerRpcResponseMsg")), { time: 5 });
		deepEqual(codec.decodeRPCResponse(first("ToServerRpcResponseMsg", 1)), { error: "timeout" });
		equal(codec.decodeRPCResponse(bytes("")), null);
	});

	it("takes the schemas of the profile", () => {
		const reading: Schema = { ts: [1, "int64"], values: [2, { wind: [1, "float"] }] };
		const own = protobufCodec({
			telemetry: reading,
			attributes: { colour: [1, "string"] },
			rpcRequest: { method: [1, "string"], params: [4, { pin: [1, "int32"] }] },
			rpcResponse: { value: [1, "bool"] },
		});
		equal(own.timestamps, true);
		equal(codec.timestamps, false);
		deepEqual(decode(reading, own.encodeTelemetry({ ts: 1, values: { wind: 2 } })), {
			ts: 1,
			values: { wind: 2 },
		});
		equal(hex(own.encodeAttributes({ colour: "r" })), "0a0172");
		deepEqual(own.decodeRPCRequest(bytes("0a017322020807")), { method: "s", params: { pin: 7 } });
		equal(hex(own.encodeRPCResponse({ value: true })), "0801");
	});

	it("refuses a list of readings", () => {
		throws(() => codec.encodeTelemetry([{ temperature: 1 }]), "expected one reading");
	});

	it("goes with the client, on short topics", () => {
		const answered = (method: string) => ({ done: method });
		const mqtt = connect({
			codec,
			topics: shortTopics("p"),
			onRPC: ({ id, method }) => client.respond(id, answered(method)),
		});
		client.sendAttributes({ firmwareVersion: "v1" });
		mqtt.deliver("v2/r/req/p/0", new Uint8Array(first("RpcRequestMsg")));
		mqtt.deliver("v2/a/p", new Uint8Array(first("AttributeUpdateNotificationMsg", 1)));
		deepEqual(
			mqtt.published.map(({ topic }) => topic),
			["v2/a/p", "v2/r/res/p/0"],
		);
		equal(mqtt.published[1]?.text, '\n\u0012{"done":"setLamp"}');
		mqtt.deliver("v2/a/p", new Uint8Array([0x0a, 9]));
		deepEqual(log[0], "attributes {} k1,k2");
		equal(log[1]?.slice(0, 19), "error TB_MALFORMED:");
	});
});
