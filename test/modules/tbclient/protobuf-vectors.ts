// Made by test/vectors/protobuf.py with Google's protobuf 7.36.2 for Python; not to be edited.
import type { JSONObject } from "host/contract";

/** Message type, its values, and its bytes in hexadecimal. */
export const vectors: readonly [type: string, values: JSONObject, hex: string][] = [
	["SensorDataReading", { temperature: 21.5, humidity: 0 }, "090000000000803540110000000000000000"],
	[
		"SensorDataReading",
		{
			temperature: -1e-9,
			innerObject: { key1: "grün ☃ 😀", key2: false, key3: 1e300, key4: -2147483648, key5: "" },
		},
		"0995d626e80b2e11be1a280a0e6772c3bc6e20e2988320f09f98801000199c7500883ce4377e2080808080f8ffffffff012a00",
	],
	["SensorDataReading", { innerObject: {} }, "1a00"],
	["SensorDataReading", {}, ""],
	[
		"SensorConfiguration",
		{
			firmwareVersion: "v1.10",
			serialNumber:
				"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		},
		"0a0576312e313012c8017878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878",
	],
	[
		"RpcRequestMsg",
		{ method: "setLamp", requestId: 0, params: "true" },
		"0a077365744c616d7010001a0474727565",
	],
	[
		"RpcRequestMsg",
		{ method: "say", requestId: 7, params: "plain words" },
		"0a0373617910071a0b706c61696e20776f726473",
	],
	["RpcRequestMsg", { method: "ping", requestId: 2147483647 }, "0a0470696e6710ffffffff07"],
	["RpcResponseMsg", { payload: '{"lamp":true}' }, "0a0d7b226c616d70223a747275657d"],
	["AttributesRequest", { clientKeys: "a,b", sharedKeys: "c" }, "0a03612c62120163"],
	[
		"GetAttributeResponseMsg",
		{
			requestId: 3,
			client: [
				{ ts: 1451649600512, kv: { key: "b", bool_v: true } },
				{ ts: 0, kv: { key: "no" } },
				{ ts: 5, kv: { key: "l", type: 1, long_v: -9007199254740991 } },
				{ ts: 5, kv: { key: "zero", type: 1 } },
				{ ts: 5, kv: { key: "d", type: 2, double_v: -0.5 } },
				{ ts: 5, kv: { key: "s", type: 3, string_v: "grün" } },
				{ ts: 5, kv: { key: "j", type: 4, json_v: '{"a":[1,2]}' } },
			],
			shared: [{ ts: 1451649600512, kv: { key: "b", bool_v: true } }],
			isMultiple: true,
		},
		"0803120e088098bce89f2a12050a01621801120612040a026e6f1214080512100a016c10012081808080808080f0ff01120c080512080a047a65726f100112120805120e0a0164100229000000000000e0bf12100805120c0a0173100332056772c3bc6e1216080512120a016a10043a0b7b2261223a5b312c325d7d1a0e088098bce89f2a12050a016218012001",
	],
	[
		"GetAttributeResponseMsg",
		{ requestId: 3, error: "no such device" },
		"08032a0e6e6f207375636820646576696365",
	],
	["GetAttributeResponseMsg", {}, ""],
	[
		"AttributeUpdateNotificationMsg",
		{
			updated: [
				{ ts: 1451649600512, kv: { key: "b", bool_v: true } },
				{ ts: 0, kv: { key: "no" } },
				{ ts: 5, kv: { key: "l", type: 1, long_v: -9007199254740991 } },
				{ ts: 5, kv: { key: "zero", type: 1 } },
				{ ts: 5, kv: { key: "d", type: 2, double_v: -0.5 } },
				{ ts: 5, kv: { key: "s", type: 3, string_v: "grün" } },
				{ ts: 5, kv: { key: "j", type: 4, json_v: '{"a":[1,2]}' } },
			],
		},
		"0a0e088098bce89f2a12050a016218010a0612040a026e6f0a14080512100a016c10012081808080808080f0ff010a0c080512080a047a65726f10010a120805120e0a0164100229000000000000e0bf0a100805120c0a0173100332056772c3bc6e0a16080512120a016a10043a0b7b2261223a5b312c325d7d",
	],
	["AttributeUpdateNotificationMsg", { deleted: ["k1", "k2"] }, "12026b3112026b32"],
	[
		"AttributeUpdateNotificationMsg",
		{
			updated: [
				{ ts: 5, kv: { key: "b", bool_v: true } },
				{ ts: 5, kv: { key: "no" } },
				{ ts: 5, kv: { key: "l", type: 1, long_v: -9007199254740991 } },
				{ ts: 5, kv: { key: "zero", type: 1 } },
				{ ts: 5, kv: { key: "d", type: 2, double_v: -0.5 } },
				{ ts: 5, kv: { key: "s", type: 3, string_v: "grün" } },
				{ ts: 5, kv: { key: "j", type: 4, json_v: '{"a":[1,2]}' } },
			],
		},
		"0a09080512050a016218010a08080512040a026e6f0a14080512100a016c10012081808080808080f0ff010a0c080512080a047a65726f10010a120805120e0a0164100229000000000000e0bf0a100805120c0a0173100332056772c3bc6e0a16080512120a016a10043a0b7b2261223a5b312c325d7d",
	],
	["RpcRequest", { method: "getTime", params: "{}" }, "0a0767657454696d6512027b7d"],
	["ToServerRpcResponseMsg", { requestId: 1, payload: '{"time":5}' }, "0801120a7b2274696d65223a357d"],
	["ToServerRpcResponseMsg", { requestId: 1, error: "timeout" }, "08011a0774696d656f7574"],
	["ClaimDevice", { secretKey: "s", durationMs: 60000 }, "0a017310e0d403"],
	[
		"All",
		{
			double: 0.1,
			float: 0.5,
			bool: true,
			string: "s",
			int32: -1,
			int64: 9007199254740991,
			uint32: 4294967295,
		},
		"099a9999999999b93f150000003f180122017328ffffffffffffffffff0130ffffffffffffff0f38ffffffff0f",
	],
	[
		"All",
		{ int32: 2147483647, int64: -9007199254740991, uint32: 128 },
		"28ffffffff073081808080808080f0ff01388001",
	],
	[
		"All",
		{
			doubles: [0, 1.5, -2],
			floats: [1, 0.25],
			bools: [true, false],
			strings: ["", "a"],
			int32s: [0, -1, 300],
			int64s: [1, -1, 4294967296],
			uint32s: [1, 2, 3],
			nested: [{}, { string: "n", nested: [{ bool: false }] }],
		},
		"5a180000000000000000000000000000f83f00000000000000c062080000803f0000803e6a02010072007201617a0d00ffffffffffffffffff01ac0282011001ffffffffffffffffff0180808080108a0103010203e21200e2120822016ee212021800",
	],
];
