// The fixed topics of ThingsBoard's device API (MqttTopics). Nothing else is routed, and filters are compared as strings.
import type { Transport } from "../profiles.ts";

/** Which spelling of the topics a device used last: answers follow it. */
export type Style = "v1" | "v2" | "v2/j" | "v2/p";

interface Form {
	telemetry: string;
	attributes: string;
	attributesRequest: string;
	attributesResponse: string;
	rpcRequest: string;
	rpcResponse: string;
}

/** Fixed topics, and prefixes (ending in `/`) that an id follows. */
export const forms: Record<Style, Form> = {
	v1: {
		telemetry: "v1/devices/me/telemetry",
		attributes: "v1/devices/me/attributes",
		attributesRequest: "v1/devices/me/attributes/request/",
		attributesResponse: "v1/devices/me/attributes/response/",
		rpcRequest: "v1/devices/me/rpc/request/",
		rpcResponse: "v1/devices/me/rpc/response/",
	},
	// With a suffix before the plain form: `v2/a/req/` begins `v2/a/req/j/` too.
	"v2/j": short("/j"),
	"v2/p": short("/p"),
	v2: short(""),
};

function short(suffix: string): Form {
	return {
		telemetry: `v2/t${suffix}`,
		attributes: `v2/a${suffix}`,
		attributesRequest: `v2/a/req${suffix}/`,
		attributesResponse: `v2/a/res${suffix}/`,
		rpcRequest: `v2/r/req${suffix}/`,
		rpcResponse: `v2/r/res${suffix}/`,
	};
}

const styles = Object.entries(forms) as [Style, Form][];
const shortStyles = styles.filter(([style]) => style !== "v1");
const v1Styles = styles.filter(([style]) => style === "v1");

/** Where a publish goes. Ids are text here; whether they are numbers is the handler's to check. */
export type Route =
	| { kind: "claim" | "gateway" | "unknown" }
	| { kind: "telemetry" | "attributes"; style: Style }
	| { kind: "attributesRequest" | "rpcRequest" | "rpcResponse"; style: Style; id: string }
	| { kind: "firmware"; prefix: "fw" | "sw"; request: string; index: string };

/** Searched, not anchored, as on the server. */
const chunk = /v2\/(fw|sw)\/request\/(\d+)\/chunk\/(\d+)/;

/** Finds the route of a publish topic, in the server's order: the profile's filters go before every fixed device topic. */
export function route(
	topic: string,
	profile: Pick<Transport, "deviceTelemetryTopic" | "deviceAttributesTopic">,
): Route {
	if (topic.startsWith("v1/gateway")) return { kind: "gateway" };
	if (matches(profile.deviceAttributesTopic, topic)) return { kind: "attributes", style: "v1" };
	if (matches(profile.deviceTelemetryTopic, topic)) return { kind: "telemetry", style: "v1" };
	return fixed(topic) ?? { kind: "unknown" };
}

function fixed(topic: string): Route | undefined {
	const v1 = withId(topic, v1Styles);
	if (v1) return v1;
	if (topic === "v1/devices/me/claim") return { kind: "claim" };
	const [found, prefix, request = "", index = ""] = chunk.exec(topic) ?? [];
	if (found) return { kind: "firmware", prefix: prefix === "sw" ? "sw" : "fw", request, index };
	return plain(topic) ?? withId(topic, shortStyles);
}

function plain(topic: string): Route | undefined {
	for (const [style, form] of shortStyles) {
		if (topic === form.telemetry) return { kind: "telemetry", style };
		if (topic === form.attributes) return { kind: "attributes", style };
	}
	return undefined;
}

function withId(topic: string, among: [Style, Form][]): Route | undefined {
	for (const [style, form] of among)
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
export function granted(filter: string, attributesSubscribeTopic?: string): Interest | undefined {
	const known = filters.get(filter);
	if (known) return known;
	const custom = attributesSubscribeTopic !== undefined && matches(attributesSubscribeTopic, filter);
	return custom ? { interest: "attributes", style: "v1" } : undefined;
}

/** Whether a topic falls under a filter: `+` stands for one level, `#` for the rest. */
export function matches(filter: string, topic: string): boolean {
	if (filter === topic) return true;
	if (!filter.includes("+") && !filter.includes("#")) return false;
	const levels = topic.split("/");
	const parts = filter.split("/");
	const rest = parts.at(-1) === "#";
	if (rest ? levels.length < parts.length - 1 : levels.length !== parts.length) return false;
	return parts.every((part, i) => part === "+" || part === "#" || part === levels[i]);
}

/** Java's Integer.parseInt: decimal with an optional sign, 32 bits; `undefined` for anything else. */
export function javaInt(text: string): number | undefined {
	const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
	return value >= -(2 ** 31) && value < 2 ** 31 ? value : undefined;
}
