/** ThingsBoard's device topics, and what an inbound one means. */
export const Topic = Object.freeze({
	telemetry: "v1/devices/me/telemetry",
	attributes: "v1/devices/me/attributes",
	attributesRequest: "v1/devices/me/attributes/request/",
	attributesResponse: "v1/devices/me/attributes/response/",
	rpcRequest: "v1/devices/me/rpc/request/",
	rpcResponse: "v1/devices/me/rpc/response/",
	firmwareRequest: "v2/fw/request/",
	firmwareResponse: "v2/fw/response/",
	firmwareError: "v2/fw/error",
});

/** Filters in the exact spelling that the server grants; anything else is answered 0x80. */
export const filters: readonly { readonly topic: string; readonly QoS: number }[] = Object.freeze([
	Object.freeze({ topic: Topic.attributes, QoS: 1 }),
	Object.freeze({ topic: `${Topic.attributesResponse}+`, QoS: 1 }),
	Object.freeze({ topic: `${Topic.rpcRequest}+`, QoS: 1 }),
	Object.freeze({ topic: `${Topic.firmwareResponse}+/chunk/+`, QoS: 0 }),
	Object.freeze({ topic: Topic.firmwareError, QoS: 0 }),
]);

/** Where an inbound message goes. */
export type Route =
	| { kind: "attributes" }
	| { kind: "response"; id: number }
	| { kind: "rpc"; id: number }
	| { kind: "firmware"; request: number; index: number }
	| { kind: "firmwareError" }
	| { kind: "unknown" };

const unknown: Route = Object.freeze({ kind: "unknown" });
const Chunk = "/chunk/";

/** What an inbound topic means; pure. Numbers are decimal and at most 2^31 - 1. */
export function route(topic: string): Route {
	if (topic === Topic.attributes) return { kind: "attributes" };
	if (topic === Topic.firmwareError) return { kind: "firmwareError" };
	if (topic.startsWith(Topic.firmwareResponse)) return firmware(topic.slice(Topic.firmwareResponse.length));
	if (topic.startsWith(Topic.rpcRequest)) return numbered("rpc", topic.slice(Topic.rpcRequest.length));
	if (topic.startsWith(Topic.attributesResponse))
		return numbered("response", topic.slice(Topic.attributesResponse.length));
	return unknown;
}

function firmware(rest: string): Route {
	const at = rest.indexOf(Chunk);
	if (at < 0) return unknown;
	const request = decimal(rest.slice(0, at));
	const index = decimal(rest.slice(at + Chunk.length));
	return request === undefined || index === undefined ? unknown : { kind: "firmware", request, index };
}

function numbered(kind: "rpc" | "response", text: string): Route {
	const id = decimal(text);
	return id === undefined ? unknown : { kind, id };
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
