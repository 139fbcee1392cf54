// The JSON that a gateway sends (AbstractGatewaySessionHandler, JsonConverter).
import { PayloadError, StructureError, UnmappedError } from "../errors.ts";
import { asBoolean, asInt, asLong, asString } from "../gson.ts";
import { type Json, jsonText, parseJson } from "../json.ts";
import { object, type Row, row } from "../telemetry.ts";

/** A question for attributes of a sub-device, one scope at a time. */
export interface AttributesQuestion {
	id: number;
	device: string;
	client: boolean;
	/** Each once; none asks for everything. */
	keys: string[];
}

/** A sub-device's answer to a call. */
export interface RpcAnswer {
	id: number;
	device: string;
	data: string;
}

/** How long a message was on its way, by the gateway's own clock, epoch milliseconds. */
export interface Latency {
	connector: string;
	receivedTs: number;
	publishedTs: number;
}

/** The name of `v1/gateway/connect` and `disconnect`, and the profile's name. Throws `PayloadError`, `StructureError`. */
export function readConnect(text: string): { device: string; type: string } {
	return read(text, (members) => {
		const device = asString(members.get("device"));
		const type = members.get("type") ?? null;
		if (!device) throw new StructureError("device: expected a name, got an empty one");
		return { device, type: type === null ? "default" : asString(type) };
	});
}

/**
 * The devices of a message and what is said of each. What does not fit is left out; throws `StructureError` when nothing is
 * left, `PayloadError` for what is no JSON.
 */
export function readEntries<T extends Json>(text: string, fits: (value: Json) => value is T): [string, T][] {
	return read(text, (members) => {
		const entries = [...members].filter((entry): entry is [string, T] => fits(entry[1]));
		if (entries.length) return entries;
		throw new StructureError("gateway message: expected data of at least one device");
	});
}

export const isArray = (value: Json): value is Json[] => Array.isArray(value);
export const isObject = (value: Json): value is Map<string, Json> => value instanceof Map;

/** Telemetry of one device, with the `metadata` of its elements taken out. Throws for a bad element. */
export function readElements(elements: Json[], now: number): { rows: Row[]; latencies: Latency[] } {
	const latencies: Latency[] = [];
	const rows = elements.map((element) => {
		const members = new Map(object(element));
		const metadata = members.get("metadata");
		members.delete("metadata");
		if (metadata !== undefined) latencies.push(latency(object(metadata)));
		return row(members, now);
	});
	return { rows, latencies };
}

/** Claiming information of one device. Throws for a member of the wrong type. */
export function readClaim(members: Map<string, Json>): { secretKey: string; durationMs: number } {
	return {
		secretKey: members.has("secretKey") ? asString(members.get("secretKey")) : "",
		durationMs: members.has("durationMs") ? asLong(members.get("durationMs")) : 0,
	};
}

/** Throws `PayloadError`, `StructureError`. */
export function readQuestion(text: string): AttributesQuestion {
	return read(text, (members) => {
		const id = asInt(members.get("id"));
		const device = asString(members.get("device"));
		const client = asBoolean(members.get("client"));
		const list = members.has("key") ? [members.get("key") ?? null] : (members.get("keys") ?? null);
		if (!isArray(list)) throw new StructureError("attributes request: expected key or keys");
		return { id, device, client, keys: [...new Set(list.map(asString))] };
	});
}

/** Throws `PayloadError`, `StructureError`. */
export function readAnswer(text: string): RpcAnswer {
	return read(text, (members) => {
		const data = members.get("data");
		if (data === undefined) throw new StructureError("RPC answer: expected device, id and data");
		return { device: asString(members.get("device")), id: asInt(members.get("id")), data: jsonText(data) };
	});
}

function latency(metadata: Map<string, Json>): Latency {
	return {
		connector: asString(metadata.get("connector")),
		receivedTs: asLong(metadata.get("receivedTs")),
		publishedTs: asLong(metadata.get("publishedTs")),
	};
}

function read<T>(text: string, take: (members: Map<string, Json>) => T): T {
	const root = parsed(text);
	if (!isObject(root)) throw new StructureError("gateway message: expected a JSON object");
	try {
		return take(root);
	} catch (error) {
		const unfit = error instanceof PayloadError || error instanceof UnmappedError;
		throw unfit ? new StructureError(error.message) : error;
	}
}

function parsed(text: string): Json {
	try {
		return parseJson(text);
	} catch (error) {
		throw error instanceof SyntaxError ? new PayloadError(error.message) : error;
	}
}
