// Checklist 15 and 16 and the traps of RPC.
import type { IPublishPacket } from "mqtt-packet";
import type { RawDevice } from "../../peer/device.ts";
import type { Body } from "../../peer/rest.ts";
import type { SiteDevice } from "../../peer/site.ts";
import type { Limits, Question } from "../question.ts";
import { is, type Row, row } from "../row.ts";

const filter = "v1/devices/me/rpc/request/+";
const request = "v1/devices/me/rpc/request/";
const response = "v1/devices/me/rpc/response/";

/** A fresh device that the core knows to be subscribed. */
async function ready(q: Question): Promise<{ device: SiteDevice; raw: RawDevice }> {
	const fresh = await q.fresh();
	await q.subscribe(fresh.raw, filter);
	return fresh;
}

const call = (q: Question, { id }: SiteDevice, way: "oneway" | "twoway", over: Body = {}) =>
	q.site.rest.send("POST", `/api/rpc/${way}/${id}`, { method: "m", params: { a: 1 }, ...over });

/** A persistent call's id. */
async function persistent(
	q: Question,
	device: SiteDevice,
	way: "oneway" | "twoway",
	over: Body = {},
): Promise<string> {
	const times = { persistent: true, expirationTime: Date.now() + 60_000 };
	return String(((await call(q, device, way, { ...times, ...over })).body as Body).rpcId);
}

const record = (q: Question, id: string) => q.site.rest.ask("GET", `/api/rpc/persistent/${id}`);

/** Holds that a persistent call gets to that status. */
async function status(q: Question, id: string, expected: string): Promise<void> {
	const seen = async () => (await record(q, id)).status;
	await q.eventually(expected, async () => (await seen()) === expected).catch(() => undefined);
	is(await seen(), expected);
}

/** The next call, not acknowledged. */
const next = async (raw: RawDevice): Promise<IPublishPacket> =>
	(await raw.pick("a call", ({ cmd }) => cmd === "publish")) as IPublishPacket;

/** Rows on both directions of RPC. */
export const rpc = ({ clientRpc, rpcAck }: Limits): Row[] => [
	row(
		"14.15, trap 20",
		"the first call has id 0, in the topic only, and exactly method and params",
		async (q) => {
			const { device, raw } = await ready(q);
			const answer = call(q, device, "twoway");
			const { topic, text } = await raw.message(request);
			is([topic, JSON.parse(text)], [`${request}0`, { method: "m", params: { a: 1 } }]);
			raw.publish(`${response}0`, '{"b":20.0}');
			is((await answer).body, { b: 20 });
		},
	),
	row("14.15", "a call waits for a device that is away", async (q) => {
		const device = await q.device();
		const answer = call(q, device, "twoway");
		const raw = await q.online(device);
		await raw.subscribe(filter);
		const { topic } = await raw.message(request);
		raw.publish(topic.replace("request", "response"), "1");
		is((await answer).body, 1);
	}),
	row("14.15, trap 22", "each SUBSCRIBE delivers what is pending again, with the same id", async (q) => {
		const { device, raw } = await ready(q);
		const answer = call(q, device, "twoway");
		const { topic } = await raw.message(request);
		await raw.subscribe(filter);
		is((await raw.message(request)).topic, topic);
		raw.publish(topic.replace("request", "response"), "1");
		await answer;
	}),
	row("14.15", "an answer to an id that nobody knows is acknowledged and ignored", async (q) => {
		const { raw } = await q.fresh();
		raw.publish(`${response}999`, "{}");
		is(await q.rest(raw), "puback 1");
	}),
	row("14.15", "an answer whose id is no integer closes", async (q) => {
		const { raw } = await q.fresh();
		raw.publish(`${response}x`, "{}");
		is(await q.rest(raw), "closed");
	}),
	row("trap 10", "an answer that is too large closes", async (q) => {
		const { raw } = await q.fresh();
		raw.publish(`${response}0`, "x".repeat(65_536));
		is(await q.come(raw, 1), "closed");
	}),
	row(
		"trap 23",
		"a one-way call looks the same, is done when it was pushed, and may be answered",
		async (q) => {
			const { device, raw } = await ready(q);
			const { status, text } = await call(q, device, "oneway");
			is([status, text], [200, ""]);
			const message = await raw.message(request);
			is(JSON.parse(message.text), { method: "m", params: { a: 1 } });
			raw.publish(message.topic.replace("request", "response"), "{}");
			is(/^puback \d+$/.test(await q.rest(raw)), true, "one PUBACK: ");
		},
	),
	row("14.15", "an answer that is no JSON is 406 for the caller", async (q) => {
		const { device, raw } = await ready(q);
		const answer = call(q, device, "twoway");
		const { topic } = await raw.message(request);
		raw.publish(topic.replace("request", "response"), "no json");
		is((await answer).status, 406);
	}),
	row(
		"14.15",
		"a call to a device that never subscribes is 504 after its whole time, 5 s at least",
		async (q) => {
			const start = Date.now();
			is((await call(q, await q.device(), "twoway", { timeout: 1 })).status, 504);
			is(Date.now() - start >= 4900, true, "after 5 s: ");
		},
		{ slow: 5_000 },
	),
	row(
		"14.15",
		"a persistent call is QUEUED, SENT, DELIVERED at PUBACK, SUCCESSFUL with its answer",
		async (q) => {
			const device = await q.device();
			const id = await persistent(q, device, "twoway");
			await status(q, id, "QUEUED");
			const raw = await q.online(device);
			await raw.subscribe(filter);
			const { topic, messageId = 0 } = await next(raw);
			await status(q, id, "SENT");
			raw.send({ cmd: "puback", messageId });
			await status(q, id, "DELIVERED");
			raw.publish(topic.replace("request", "response"), '{"a":1}');
			await status(q, id, "SUCCESSFUL");
			is((await record(q, id)).response, { a: 1 });
		},
	),
	row("14.15", "a persistent one-way call ends at DELIVERED; without a device it is EXPIRED", async (q) => {
		const { device, raw } = await ready(q);
		const id = await persistent(q, device, "oneway");
		await raw.message(request);
		await status(q, id, "DELIVERED");
		const away = await q.device({}, "away");
		await status(q, await persistent(q, away, "oneway", { expirationTime: Date.now() + 500 }), "EXPIRED");
	}),
	row("trap 24", "a call at QoS 0 is DELIVERED without any acknowledgement", async (q) => {
		const { device, raw } = await q.fresh();
		raw.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: filter, qos: 0 }] });
		is(await q.come(raw, 1), "suback 1");
		const id = await persistent(q, device, "twoway");
		is((await next(raw)).qos, 0);
		await status(q, id, "DELIVERED");
	}),
	row(
		"14.15",
		"without PUBACK a call is TIMEOUT and not sent again; with retries 0 it is FAILED",
		async (q) => {
			const { device, raw } = await ready(q);
			const first = await persistent(q, device, "twoway");
			const second = await persistent(q, device, "twoway", { retries: 0 });
			await next(raw);
			await next(raw);
			await new Promise((done) => setTimeout(done, rpcAck));
			await status(q, first, "TIMEOUT");
			await status(q, second, "FAILED");
			is(await q.rest(raw), "");
		},
		{ slow: rpcAck },
	),
	row(
		"14.16",
		"getSessionLimits is acknowledged first, then answered with sizes and three limits",
		async (q) => {
			const { raw } = await q.fresh();
			raw.publish(`${request}1`, '{"method":"getSessionLimits","params":{}}');
			is(await q.come(raw, 1), "puback 1");
			const limits = JSON.parse((await raw.message(`${response}1`)).text) as Body;
			is(typeof limits.maxPayloadSize, "number", "maxPayloadSize: ");
			is(typeof limits.maxInflightMessages, "number", "maxInflightMessages: ");
			const names = ["messages", "telemetryDataPoints", "telemetryMessages"];
			is(Object.keys(limits.rateLimits as Body).sort(), names, "rateLimits: ");
		},
	),
	row("14.16", "a gateway is told its devices' limits too", async (q) => {
		const raw = await q.online(await q.gateway());
		raw.publish(`${request}1`, '{"method":"getSessionLimits"}');
		const limits = JSON.parse((await raw.message(`${response}1`)).text) as Body;
		is(typeof limits.gatewayRateLimits, "object");
	}),
	row(
		"14.16",
		"a client-side RPC without a method closes",
		async (q) => {
			const { raw } = await q.fresh();
			raw.publish(`${request}1`, "{}");
			is(await q.rest(raw), "closed");
		},
		{ derived: true },
	),
	row(
		"14.16, trap 25",
		'a client-side RPC that nobody handles is answered {"error":"timeout"}',
		async (q) => {
			const { raw } = await q.fresh();
			const pings = setInterval(() => raw.send({ cmd: "pingreq" }), 20_000);
			await raw.acknowledged(`${request}7`, '{"method":"unknown","params":{}}');
			const answer = raw.message(`${response}7`, clientRpc + q.limits.patience);
			is((await answer.finally(() => clearInterval(pings))).text, '{"error":"timeout"}');
		},
		{ slow: clientRpc },
	),
];
