/** The topics that a device profile or an application can choose. Those of requests end in "/", an id follows. */
export interface Topics {
	/** Telemetry is published here. */
	readonly telemetry: string;
	/** Client attributes are published here. */
	readonly attributes: string;
	/** Changes of shared attributes arrive here. */
	readonly attributesUpdate: string;
	readonly attributesRequest: string;
	readonly attributesResponse: string;
	/** Calls of the server arrive here, and ours are published here. */
	readonly rpcRequest: string;
	/** Our answers are published here, and those of the server arrive here. */
	readonly rpcResponse: string;
}

/** The topics of a profile without settings of its own; the default. */
export const Topic = Object.freeze({
	telemetry: "v1/devices/me/telemetry",
	attributes: "v1/devices/me/attributes",
	attributesUpdate: "v1/devices/me/attributes",
	attributesRequest: "v1/devices/me/attributes/request/",
	attributesResponse: "v1/devices/me/attributes/response/",
	rpcRequest: "v1/devices/me/rpc/request/",
	rpcResponse: "v1/devices/me/rpc/response/",
	claim: "v1/devices/me/claim",
	firmwareRequest: "v2/fw/request/",
	firmwareResponse: "v2/fw/response/",
	firmwareError: "v2/fw/error",
});

/**
 * The short topics, since ThingsBoard 3.3.2: up to 22 bytes less in every message. `""` speaks as the device profile says, `"j"` JSON
 * and `"p"` protobuf whatever it says. Claiming has no short form.
 */
export function shortTopics(payload: "" | "j" | "p" = ""): Topics {
	const end = payload && `/${payload}`;
	return Object.freeze({
		telemetry: `v2/t${end}`,
		attributes: `v2/a${end}`,
		attributesUpdate: `v2/a${end}`,
		attributesRequest: `v2/a/req${end}/`,
		attributesResponse: `v2/a/res${end}/`,
		rpcRequest: `v2/r/req${end}/`,
		rpcResponse: `v2/r/res${end}/`,
	});
}

/** A subscription. */
export interface Filter {
	readonly topic: string;
	readonly QoS: number;
}

/** Filters in the exact spelling that the server grants; anything else is answered 0x80. */
export function filtersOf(topics: Topics): Filter[] {
	return [
		{ topic: topics.attributesUpdate, QoS: 1 },
		{ topic: `${topics.attributesResponse}+`, QoS: 1 },
		{ topic: `${topics.rpcRequest}+`, QoS: 1 },
		{ topic: `${Topic.firmwareResponse}+/chunk/+`, QoS: 0 },
		{ topic: Topic.firmwareError, QoS: 0 },
		{ topic: `${topics.rpcResponse}+`, QoS: 1 },
	];
}

/** Where an inbound message goes. */
export type Route =
	| { kind: "attributes" }
	| { kind: "response"; id: number }
	| { kind: "rpc"; id: number }
	| { kind: "rpcResponse"; id: number }
	| { kind: "firmware"; request: number; index: number }
	| { kind: "firmwareError" }
	| { kind: "unknown" };

const unknown: Route = Object.freeze({ kind: "unknown" });
const Chunk = "/chunk/";

/**
 * What an inbound topic means; pure. Numbers are decimal and at most 2^31 - 1. Answers to our RPCs are known on the default topic
 * too, since `getSessionLimits` exists there only.
 */
export function route(topic: string, topics: Topics): Route {
	if (topic === topics.attributesUpdate) return { kind: "attributes" };
	if (topic === Topic.firmwareError) return { kind: "firmwareError" };
	if (topic.startsWith(Topic.firmwareResponse)) return firmware(topic.slice(Topic.firmwareResponse.length));
	return (
		numbered("rpc", topics.rpcRequest, topic) ??
		numbered("response", topics.attributesResponse, topic) ??
		numbered("rpcResponse", topics.rpcResponse, topic) ??
		numbered("rpcResponse", Topic.rpcResponse, topic) ??
		unknown
	);
}

function firmware(rest: string): Route {
	const at = rest.indexOf(Chunk);
	if (at < 0) return unknown;
	const request = decimal(rest.slice(0, at));
	const index = decimal(rest.slice(at + Chunk.length));
	return request === undefined || index === undefined ? unknown : { kind: "firmware", request, index };
}

function numbered(
	kind: "rpc" | "response" | "rpcResponse",
	prefix: string,
	topic: string,
): Route | undefined {
	const id = topic.startsWith(prefix) ? decimal(topic.slice(prefix.length)) : undefined;
	return id === undefined ? undefined : { kind, id };
}

function decimal(text: string): number | undefined {
	if (text.length === 0 || text.length > 10) return undefined;
	let value = 0;
	for (let i = 0; i < text.length; i++) {
		const digit = text.charCodeAt(i) - 48;
		if (digit < 0 || digit > 9) return undefined;
		value = value * 10 + digit;
	}
	return value > 0x7fffffff ? undefined : value;
}
