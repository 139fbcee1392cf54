import type { Filter } from "tbclient/topics";

/** Topics of the gateway API. Nothing else exists below `v1/gateway/`: what is published there is acknowledged and lost. */
export const GatewayTopic = Object.freeze({
	connect: "v1/gateway/connect",
	disconnect: "v1/gateway/disconnect",
	telemetry: "v1/gateway/telemetry",
	/** Client attributes up, changes of shared attributes down. */
	attributes: "v1/gateway/attributes",
	attributesRequest: "v1/gateway/attributes/request",
	attributesResponse: "v1/gateway/attributes/response",
	/** Calls down, answers up. */
	rpc: "v1/gateway/rpc",
	claim: "v1/gateway/claim",
});

/** In the exact spelling that the server grants; `v1/gateway/disconnect` is refused, and what is sent there comes all the same. */
export const filters: readonly Filter[] = Object.freeze([
	{ topic: GatewayTopic.attributes, QoS: 1 },
	{ topic: GatewayTopic.attributesResponse, QoS: 1 },
	{ topic: GatewayTopic.rpc, QoS: 1 },
]);
