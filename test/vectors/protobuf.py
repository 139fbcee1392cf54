"""Writes test/modules/tbclient/protobuf-vectors.ts: messages as Google's own implementation encodes them (pip install protobuf). Run `npx biome check --write` after it.

The schemas are typed here a second time, in Google's terms, so that a slip in ours shows.
"""
import json
import pathlib
import google.protobuf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

F = descriptor_pb2.FieldDescriptorProto
TYPES = {"double": F.TYPE_DOUBLE, "float": F.TYPE_FLOAT, "bool": F.TYPE_BOOL, "string": F.TYPE_STRING,
         "int32": F.TYPE_INT32, "int64": F.TYPE_INT64, "uint32": F.TYPE_UINT32}

# name: [(field, number, type, label)]; label o = optional, r = repeated, i = implicit presence
MESSAGES = {
    "Inner": [("key1", 1, "string", "o"), ("key2", 2, "bool", "o"), ("key3", 3, "double", "o"),
              ("key4", 4, "int32", "o"), ("key5", 5, "string", "o")],
    "SensorDataReading": [("temperature", 1, "double", "o"), ("humidity", 2, "double", "o"),
                          ("innerObject", 3, "Inner", "i")],
    "SensorConfiguration": [("firmwareVersion", 1, "string", "o"), ("serialNumber", 2, "string", "o")],
    "RpcRequestMsg": [("method", 1, "string", "o"), ("requestId", 2, "int32", "o"), ("params", 3, "string", "o")],
    "RpcResponseMsg": [("payload", 1, "string", "o")],
    "KeyValueProto": [("key", 1, "string", "i"), ("type", 2, "int32", "i"), ("bool_v", 3, "bool", "i"),
                      ("long_v", 4, "int64", "i"), ("double_v", 5, "double", "i"), ("string_v", 6, "string", "i"),
                      ("json_v", 7, "string", "i")],
    "TsKvProto": [("ts", 1, "int64", "i"), ("kv", 2, "KeyValueProto", "i")],
    "AttributesRequest": [("clientKeys", 1, "string", "i"), ("sharedKeys", 2, "string", "i")],
    "GetAttributeResponseMsg": [("requestId", 1, "int32", "i"), ("client", 2, "TsKvProto", "r"),
                                ("shared", 3, "TsKvProto", "r"), ("isMultiple", 4, "bool", "i"),
                                ("error", 5, "string", "i")],
    "AttributeUpdateNotificationMsg": [("updated", 1, "TsKvProto", "r"), ("deleted", 2, "string", "r")],
    "RpcRequest": [("method", 1, "string", "i"), ("params", 2, "string", "i")],
    "ToServerRpcResponseMsg": [("requestId", 1, "int32", "i"), ("payload", 2, "string", "i"),
                               ("error", 3, "string", "i")],
    "ClaimDevice": [("secretKey", 1, "string", "i"), ("durationMs", 2, "int64", "i")],
    # every type, alone and repeated
    "All": [(t, n, t, "o") for n, t in enumerate(TYPES, 1)]
           + [(t + "s", n, t, "r") for n, t in enumerate(TYPES, 11)] + [("nested", 300, "All", "r")],
}


def classes():
    file = descriptor_pb2.FileDescriptorProto(name="v.proto", package="v", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, label in fields:
            one = message.field.add(name=field, json_name=field, number=number,
                                    label=F.LABEL_REPEATED if label == "r" else F.LABEL_OPTIONAL)
            if kind in TYPES:
                one.type = TYPES[kind]
            else:
                one.type, one.type_name = F.TYPE_MESSAGE, ".v." + kind
            if label == "o":
                one.proto3_optional, one.oneof_index = True, len(message.oneof_decl)
                message.oneof_decl.add(name="_" + field)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName("v." + name)) for name in MESSAGES}


def fill(message, values):
    for key, value in values.items():
        if isinstance(value, dict):
            getattr(message, key).SetInParent()
            fill(getattr(message, key), value)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    fill(getattr(message, key).add(), one)
                else:
                    getattr(message, key).append(one)
        else:
            setattr(message, key, value)
    return message


def kv(ts, **fields):
    return {"ts": ts, "kv": fields}


KVS = [kv(1451649600512, key="b", bool_v=True), kv(0, key="no"), kv(5, key="l", type=1, long_v=-9007199254740991),
       kv(5, key="zero", type=1), kv(5, key="d", type=2, double_v=-0.5), kv(5, key="s", type=3, string_v="grün"),
       kv(5, key="j", type=4, json_v='{"a":[1,2]}')]

VECTORS = [
    ("SensorDataReading", {"temperature": 21.5, "humidity": 0}),
    ("SensorDataReading", {"temperature": -1e-9, "innerObject": {"key1": "grün ☃ 😀", "key2": False, "key3": 1e300,
                                                                 "key4": -2147483648, "key5": ""}}),
    ("SensorDataReading", {"innerObject": {}}),
    ("SensorDataReading", {}),
    ("SensorConfiguration", {"firmwareVersion": "v1.10", "serialNumber": "x" * 200}),
    ("RpcRequestMsg", {"method": "setLamp", "requestId": 0, "params": "true"}),
    ("RpcRequestMsg", {"method": "say", "requestId": 7, "params": "plain words"}),
    ("RpcRequestMsg", {"method": "ping", "requestId": 2147483647}),
    ("RpcResponseMsg", {"payload": '{"lamp":true}'}),
    ("AttributesRequest", {"clientKeys": "a,b", "sharedKeys": "c"}),
    ("GetAttributeResponseMsg", {"requestId": 3, "client": KVS, "shared": KVS[:1], "isMultiple": True}),
    ("GetAttributeResponseMsg", {"requestId": 3, "error": "no such device"}),
    ("GetAttributeResponseMsg", {}),
    ("AttributeUpdateNotificationMsg", {"updated": KVS}),
    ("AttributeUpdateNotificationMsg", {"deleted": ["k1", "k2"]}),
    ("AttributeUpdateNotificationMsg", {"updated": [{**one, "ts": 5} for one in KVS]}),
    ("RpcRequest", {"method": "getTime", "params": "{}"}),
    ("ToServerRpcResponseMsg", {"requestId": 1, "payload": '{"time":5}'}),
    ("ToServerRpcResponseMsg", {"requestId": 1, "error": "timeout"}),
    ("ClaimDevice", {"secretKey": "s", "durationMs": 60000}),
    ("All", {"double": 0.1, "float": 0.5, "bool": True, "string": "s", "int32": -1, "int64": 9007199254740991,
             "uint32": 4294967295}),
    ("All", {"int32": 2147483647, "int64": -9007199254740991, "uint32": 128}),
    ("All", {"doubles": [0, 1.5, -2], "floats": [1, 0.25], "bools": [True, False], "strings": ["", "a"],
             "int32s": [0, -1, 300], "int64s": [1, -1, 4294967296], "uint32s": [1, 2, 3],
             "nested": [{}, {"string": "n", "nested": [{"bool": False}]}]}),
]

made = classes()
rows = [f"\t[{json.dumps(name)}, {json.dumps(values, ensure_ascii=False)}, "
        f"\"{fill(made[name](), values).SerializeToString(deterministic=True).hex()}\"],"
        for name, values in VECTORS]
text = f"""// Made by test/vectors/protobuf.py with Google's protobuf {google.protobuf.__version__} for Python; not to be edited.
import type {{ JSONObject }} from "host/contract";

/** Message type, its values, and its bytes in hexadecimal. */
export const vectors: readonly [type: string, values: JSONObject, hex: string][] = [
""" + "\n".join(rows) + "\n];\n"
(pathlib.Path(__file__).parents[1] / "modules/tbclient/protobuf-vectors.ts").write_text(text, encoding="utf-8")
