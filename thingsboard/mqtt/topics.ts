// The fixed topics of ThingsBoard's device API (MqttTopics). Nothing else is routed, and filters are compared as strings.

/** Which spelling of the topics a device used last: answers follow it. */
export type Style = "v1" | "v2" | "v2/j";

interface Form {
	attributes: string;
	attributesRequest: string;
	attributesResponse: string;
	rpcRequest: string;
	rpcResponse: string;
}

/** Fixed topics, and prefixes (ending in `/`) that an id follows. */
export const forms: Record<Style, Form> = {
	v1: {
		attributes: "v1/devices/me/attributes",
		attributesRequest: "v1/devices/me/attributes/request/",
		attributesResponse: "v1/devices/me/attributes/response/",
		rpcRequest: "v1/devices/me/rpc/request/",
		rpcResponse: "v1/devices/me/rpc/response/",
	},
	"v2/j": short("/j"),
	v2: short(""),
};

function short(suffix: string): Form {
	return {
		attributes: `v2/a${suffix}`,
		attributesRequest: `v2/a/req${suffix}/`,
		attributesResponse: `v2/a/res${suffix}/`,
		rpcRequest: `v2/r/req${suffix}/`,
		rpcResponse: `v2/r/res${suffix}/`,
	};
}

const styles = Object.entries(forms) as [Style, Form][];

/** Where a publish goes. Ids are text here; whether they are numbers is the handler's to check. */
export type Route =
	| { kind: "telemetry" | "attributes" | "claim" | "gateway" | "unknown" }
	| { kind: "attributesRequest" | "rpcRequest" | "rpcResponse"; style: Style; id: string }
	| { kind: "firmware"; prefix: "fw" | "sw"; request: string; index: string };

const telemetry = new Set(["v1/devices/me/telemetry", "v2/t", "v2/t/j"]);
const attributes = new Set(styles.map(([, form]) => form.attributes));
/** Searched, not anchored, as on the server. */
const chunk = /v2\/(fw|sw)\/request\/(\d+)\/chunk\/(\d+)/;

/** Finds the route of a publish topic. */
export function route(topic: string): Route {
	if (topic.startsWith("v1/gateway")) return { kind: "gateway" };
	if (attributes.has(topic)) return { kind: "attributes" };
	if (telemetry.has(topic)) return { kind: "telemetry" };
	if (topic.startsWith("v1/devices/me/claim")) return { kind: "claim" };
	const [found, prefix, request = "", index = ""] = chunk.exec(topic) ?? [];
	if (found) return { kind: "firmware", prefix: prefix === "sw" ? "sw" : "fw", request, index };
	return withId(topic) ?? { kind: "unknown" };
}

function withId(topic: string): Route | undefined {
	for (const [style, form] of styles)
		for (const kind of ["attributesRequest", "rpcResponse", "rpcRequest"] as const)
			if (topic.startsWith(form[kind])) return { kind, style, id: topic.slice(form[kind].length) };
	return undefined;
}

/** What a granted filter switches on in the core; most switch on nothing. */
export type Interest = { interest?: "attributes" | "rpc"; style?: Style };

const filters = new Map<string, Interest>();
for (const [style, form] of styles) {
	filters.set(form.attributes, { interest: "attributes", style });
	filters.set(`${form.rpcRequest}+`, { interest: "rpc", style });
	filters.set(`${form.attributesResponse}+`, {});
	filters.set(`${form.rpcResponse}+`, {});
}
for (const kind of ["fw", "sw"]) filters.set(`v2/${kind}/response/+/chunk/+`, {}).set(`v2/${kind}/error`, {});
for (const name of ["attributes", "attributes/response", "rpc"]) filters.set(`v1/gateway/${name}`, {});

/** The meaning of a filter that the server grants; `undefined` for every other, which gets 0x80. */
export const granted = (filter: string): Interest | undefined => filters.get(filter);

/** Whether a topic of ours falls under a granted filter (`+` stands for one level). */
export function covers(filter: string, topic: string): boolean {
	const levels = topic.split("/");
	const parts = filter.split("/");
	return parts.length === levels.length && parts.every((part, i) => part === "+" || part === levels[i]);
}

/** Java's Integer.parseInt: decimal with an optional sign, 32 bits; `undefined` for anything else. */
export function javaInt(text: string): number | undefined {
	const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
	return value >= -(2 ** 31) && value < 2 ** 31 ? value : undefined;
}
