// Checklist 23 and the traps of gateways.
import type { RawDevice } from "../../peer/device.ts";
import { type Body, idOf } from "../../peer/rest.ts";
import type { Limits, Question } from "../question.ts";
import { is, type Row, row } from "../row.ts";

const telemetry = "v1/gateway/telemetry";

/** A gateway with a device behind it, made by `connect`. */
async function house(q: Question, what = "child"): Promise<{ raw: RawDevice; child: string; id: string }> {
	const raw = await q.online(await q.gateway());
	return { raw, ...(await connect(q, raw, what)) };
}

async function connect(q: Question, raw: RawDevice, what: string): Promise<{ child: string; id: string }> {
	const child = q.child(what);
	await raw.acknowledged("v1/gateway/connect", JSON.stringify({ device: child }));
	return { child, id: await q.eventually("the device", () => q.find(child)) };
}

const json = async (raw: RawDevice, topic: string): Promise<unknown> =>
	JSON.parse((await raw.message(topic)).text);

/** What an attribute request is answered. */
async function asked(raw: RawDevice, body: Body): Promise<unknown> {
	raw.publish("v1/gateway/attributes/request", JSON.stringify(body));
	return json(raw, "v1/gateway/attributes/response");
}

/** Rows on the gateway API. */
export const gateway = ({ inactivity }: Limits): Row[] => [
	row("14.23, trap 41", "connect makes the device, and a profile of its type", async (q) => {
		const raw = await q.online(await q.gateway());
		const [device, type] = [q.child("new"), q.name("type")];
		await raw.acknowledged("v1/gateway/connect", JSON.stringify({ device, type }));
		const id = await q.eventually("the device", () => q.find(device));
		const made = await q.site.rest.ask("GET", `/api/device/${id}`);
		const profile = idOf({ id: made.deviceProfileId });
		q.site.finally(() => q.site.rest.send("DELETE", `/api/deviceProfile/${profile}`));
		is(made.type, type);
	}),
	row("trap 42", "connect never changes the type of a device that exists", async (q) => {
		const raw = await q.online(await q.gateway());
		const { id, name } = await q.device();
		await raw.acknowledged("v1/gateway/connect", JSON.stringify({ device: name, type: q.name("other") }));
		is((await q.site.rest.ask("GET", `/api/device/${id}`)).type, "default");
	}),
	row(
		"14.23, trap 47",
		"telemetry connects the devices it names, is stored, and is acknowledged once",
		async (q) => {
			const raw = await q.online(await q.gateway());
			const [a, b] = [q.child("a"), q.child("b")];
			raw.publish(
				telemetry,
				JSON.stringify({ [a]: [{ x: 1 }, { y: 2 }], [b]: [{ ts: 1, values: { x: 3 } }] }),
			);
			is(await q.come(raw, 1), "puback 1");
			is(await q.rest(raw), "");
			const stored = async (name: string, key: string) => {
				const id = await q.find(name);
				return id === undefined ? undefined : q.value({ id }, key);
			};
			is(await q.eventually("y of a", () => stored(a, "y")), "2");
			is(await q.eventually("x of b", () => stored(b, "x")), "3");
		},
	),
	row("trap 44", "telemetry that is no array is skipped where another entry is fine", async (q) => {
		const raw = await q.online(await q.gateway());
		const [a, b] = [q.child("a"), q.child("b")];
		raw.publish(telemetry, JSON.stringify({ [a]: [{ x: 1 }], [b]: { x: 1 } }));
		is(await q.rest(raw), "puback 1");
		is((await q.find(a)) !== undefined, true, "a exists: ");
		is(await q.find(b), undefined, "b: ");
	}),
	row("trap 45", "metadata is taken away when it is whole, and closes when it is not", async (q) => {
		const { raw, child, id } = await house(q);
		const metadata = { connector: "c", receivedTs: 1, publishedTs: 2 };
		const publish = (over: object) =>
			raw.publish(telemetry, JSON.stringify({ [child]: [{ ts: 5, values: { x: 1 }, metadata: over }] }));
		publish(metadata);
		is((await q.come(raw, 1)).startsWith("puback"), true, "PUBACK: ");
		is(await q.eventually("x", () => q.value({ id }, "x")), "1");
		is(await q.value({ id }, "metadata"), undefined);
		publish({ connector: "c" });
		is(await q.come(raw, 1), "closed");
	}),
	row("14.23", "a device behind a gateway is subscribed to its shared attributes", async (q) => {
		const { raw, child, id } = await house(q);
		await q.rest(raw);
		await q.site.setAttributes(id, "SHARED_SCOPE", { a: 1 });
		is(await json(raw, "v1/gateway/attributes"), { device: child, data: { a: 1 } });
		await q.site.deleteAttributes(id, "SHARED_SCOPE", "a");
		is(await json(raw, "v1/gateway/attributes"), { device: child, data: { deleted: ["a"] } });
	}),
	row(
		"14.23, trap 43",
		"an attribute answer has value for one key, values for several, neither for none",
		async (q) => {
			const { raw, child: device, id } = await house(q);
			await raw.acknowledged("v1/gateway/attributes", JSON.stringify({ [device]: { a: 1, b: 2 } }));
			await q.eventually("the attributes", async () => "b" in (await q.site.attributes(id, "CLIENT_SCOPE")));
			is(await asked(raw, { id: 1, device, client: true, key: "a" }), { id: 1, device, value: 1 });
			is(await asked(raw, { id: 2, device, client: true, keys: ["a"] }), { id: 2, device, value: 1 });
			const several = { id: 3, device, client: true, keys: ["a", "none"] };
			is(await asked(raw, several), { id: 3, device, values: { a: 1 } });
			is(await asked(raw, { id: 4, device, client: false, key: "a" }), { id: 4, device });
		},
	),
	row("14.23", "each device counts its calls from 0, and a gateway answers for it", async (q) => {
		const { raw, child, id } = await house(q);
		const other = await connect(q, raw, "other");
		await q.rest(raw);
		for (const [device, name] of [
			[id, child],
			[other.id, other.child],
		] as const) {
			const answer = q.site.rpc(device, "m", { a: 1 });
			const data = { id: 0, method: "m", params: { a: 1 } };
			is(await json(raw, "v1/gateway/rpc"), { device: name, data });
			raw.publish("v1/gateway/rpc", JSON.stringify({ device: name, id: 0, data: { ok: true } }));
			is(await answer, { ok: true });
		}
	}),
	row("trap 46", "the gateway is told of renamed and deleted devices by RPC to itself", async (q) => {
		const { raw, child, id } = await house(q);
		await q.subscribe(raw, "v1/devices/me/rpc/request/+");
		const next = q.child("renamed");
		const body = await q.site.rest.ask("GET", `/api/device/${id}`);
		await q.site.rest.ask("POST", "/api/device", { ...body, name: next });
		is(await json(raw, "v1/devices/me/rpc/request/"), {
			method: "gateway_device_renamed",
			params: { [child]: next },
		});
		await q.site.rest.send("DELETE", `/api/device/${id}`);
		is(await json(raw, "v1/devices/me/rpc/request/"), { method: "gateway_device_deleted", params: next });
	}),
	row("14.23", "disconnect is always acknowledged, also of a device that nobody knows", async (q) => {
		const { raw, child: device } = await house(q);
		await raw.acknowledged("v1/gateway/disconnect", JSON.stringify({ device }));
		await raw.acknowledged("v1/gateway/disconnect", JSON.stringify({ device: q.name("nobody") }));
		is(await q.rest(raw), "");
	}),
	row(
		"trap 48",
		"a persistent one-way call to a device behind a gateway comes again when it is connected again",
		async (q) => {
			const { raw, child: device, id } = await house(q);
			await q.rest(raw);
			const body = { method: "m", params: {}, persistent: true, expirationTime: Date.now() + 60_000 };
			await q.site.rest.ask("POST", `/api/rpc/oneway/${id}`, body);
			const first = await json(raw, "v1/gateway/rpc");
			await raw.acknowledged("v1/gateway/disconnect", JSON.stringify({ device }));
			await raw.acknowledged("v1/gateway/connect", JSON.stringify({ device }));
			is(await json(raw, "v1/gateway/rpc"), first);
		},
		{ derived: true },
	),
	row(
		"14.23, trap 40",
		"a device behind a gateway goes deaf without traffic of its own, though the gateway is there",
		async (q) => {
			const { raw, id } = await house(q);
			const pings = setInterval(() => raw.send({ cmd: "pingreq" }), inactivity / 4);
			await new Promise((done) => setTimeout(done, inactivity + 10_000)).finally(() => clearInterval(pings));
			await q.rest(raw);
			await q.site.setAttributes(id, "SHARED_SCOPE", { a: 1 });
			is(await q.rest(raw), "");
		},
		{ slow: inactivity + 10_000 },
	),
];
