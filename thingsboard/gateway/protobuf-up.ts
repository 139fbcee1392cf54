// What a gateway of a protobuf profile publishes, as the JSON that means the same (transport.proto, PROTO branches of
// AbstractGatewaySessionHandler).
import { PayloadError } from "../errors.ts";
import { type Json, JsonNumber, jsonText, parseJson } from "../json.ts";
import { Message } from "../protobuf.ts";
import { javaDouble } from "../values.ts";
import type { RpcAnswer } from "./messages.ts";

const long = (message: Message, number: number): JsonNumber =>
	new JsonNumber(String(BigInt.asIntN(64, message.integer(number))));
const int = (message: Message, number: number): number => Number(BigInt.asIntN(32, message.integer(number)));

const topics: Record<string, (message: Message, now: number) => Json> = {
	"v1/gateway/connect": named,
	"v1/gateway/disconnect": named,
	"v1/gateway/telemetry": (message, now) => devices(message, (it) => rows(it.message(3), now)),
	"v1/gateway/attributes": (message) => devices(message, (it) => members(it.message(2).messages(1))),
	"v1/gateway/claim": (message) => devices(message, (it) => claim(it.message(2))),
	"v1/gateway/attributes/request": question,
};

/** JSON text of a gateway's protobuf payload. `now` stands for a `ts` of 0. Throws for bytes that are no such message. */
export function jsonOfGateway(topic: string, payload: Uint8Array, now: number): string {
	const read = topics[topic];
	return read ? jsonText(read(new Message(payload), now)) : "";
}

/** GatewayRpcResponseMsg: its data is any text. Throws for bytes that are no such message. */
export function answerOfGateway(payload: Uint8Array): RpcAnswer {
	const message = new Message(payload);
	return { device: name(message, 1), id: int(message, 2), data: message.text(3) };
}

/** ConnectMsg and DisconnectMsg. */
function named(message: Message): Json {
	return new Map([
		["device", name(message, 1)],
		["type", message.text(2) || "default"],
	]);
}

function question(message: Message): Json {
	return new Map<string, Json>([
		["id", new JsonNumber(String(int(message, 1)))],
		["device", name(message, 2)],
		["client", message.integer(3) !== 0n],
		["keys", message.texts(4)],
	]);
}

/** The devices of a message; what is said of one twice is put together. */
function devices(message: Message, read: (entry: Message) => Json[] | Map<string, Json>): Json {
	const all = new Map<string, Json[] | Map<string, Json>>();
	for (const entry of message.messages(1)) {
		const device = name(entry, 1);
		const [before, more] = [all.get(device), read(entry)];
		if (before instanceof Map && more instanceof Map) for (const [key, value] of more) before.set(key, value);
		else if (Array.isArray(before) && Array.isArray(more)) before.push(...more);
		else all.set(device, more);
	}
	return all;
}

/** PostTelemetryMsg. */
const rows = (message: Message, now: number): Json[] =>
	message.messages(1).map((row) => {
		const ts = row.integer(1) === 0n ? new JsonNumber(String(now)) : long(row, 1);
		return new Map<string, Json>([
			["ts", ts],
			["values", members(row.messages(2))],
		]);
	});

/** KeyValueProto of each. */
const members = (values: Message[]): Map<string, Json> =>
	new Map(values.map((value) => [name(value, 1), typed(value)]));

function typed(value: Message): Json {
	const type = Number(value.integer(2));
	if (type === 0) return value.integer(3) !== 0n;
	if (type === 1) return long(value, 4);
	if (type === 2) return double(value.bytes(5));
	return type === 4 ? parseJson(value.text(7)) : value.text(6);
}

function double(bytes: Uint8Array): Json {
	const value = bytes.length === 8 ? Buffer.from(bytes).readDoubleLE() : 0;
	return Number.isFinite(value) ? new JsonNumber(javaDouble(value)) : javaDouble(value);
}

const claim = (message: Message): Map<string, Json> =>
	new Map<string, Json>([
		["secretKey", message.text(1)],
		["durationMs", long(message, 2)],
	]);

/** A name must be there. */
function name(message: Message, number: number): string {
	const text = message.text(number);
	if (text) return text;
	throw new PayloadError("gateway message: expected a name, got an empty one");
}
