// Checklist 17 and 18 and the traps of provisioning and claiming.
import { randomBytes } from "node:crypto";
import type { Body } from "../../peer/rest.ts";
import type { Limits, Question } from "../question.ts";
import { is, type Row, row } from "../row.ts";

const draw = (): string => randomBytes(10).toString("hex");

interface Keys {
	provisionDeviceKey: string;
	provisionDeviceSecret: string;
}

/** A fresh profile that lets devices introduce themselves, and what they need for it. */
async function profile(q: Question, type = "ALLOW_CREATE_NEW_DEVICES"): Promise<{ keys: Keys; id: unknown }> {
	const keys = { provisionDeviceKey: draw(), provisionDeviceSecret: draw() };
	const made = await q.site.profile(q.local("provision"), {
		provisionType: type,
		provisionDeviceKey: keys.provisionDeviceKey,
		profileData: {
			configuration: { type: "DEFAULT" },
			transportConfiguration: { type: "MQTT" },
			provisionConfiguration: { type, provisionDeviceSecret: keys.provisionDeviceSecret },
			alarms: null,
		},
	});
	return { keys, id: made.id };
}

/** What a provisioning session is answered. */
async function provision(q: Question, body: Body): Promise<unknown> {
	const raw = q.connection();
	await raw.hello({ username: "provision" });
	await raw.acknowledged("/provision/request", JSON.stringify(body));
	const { text } = await raw.message("/provision/response");
	await raw.end();
	return JSON.parse(text);
}

/** What comes after a publish in a provisioning session. */
async function after(q: Question, topic: string, payload: string): Promise<string> {
	const raw = q.connection();
	await raw.hello({ username: "provision" });
	raw.publish(topic, payload);
	return q.come(raw, 2);
}

const notFound = { errorMsg: "Provision data was not found!", status: "NOT_FOUND" };
const failure = { errorMsg: "Failed to provision device!", status: "FAILURE" };

/** Rows on provisioning and claiming. */
export const provisioning = ({ provisionClose }: Limits): Row[] => [
	row("14.17", "an unknown key, a wrong secret and a disabled profile are NOT_FOUND", async (q) => {
		const { keys } = await profile(q);
		is(await provision(q, { ...keys, provisionDeviceKey: draw() }), notFound, "key: ");
		is(await provision(q, { ...keys, provisionDeviceSecret: draw() }), notFound, "secret: ");
	}),
	row(
		"14.17, trap 27",
		"a new device is made with its own token, which then works; once more is FAILURE",
		async (q) => {
			const { keys } = await profile(q);
			const token = draw();
			const body = { ...keys, deviceName: q.child("new"), credentialsType: "ACCESS_TOKEN", token };
			is(await provision(q, body), {
				credentialsValue: token,
				credentialsType: "ACCESS_TOKEN",
				status: "SUCCESS",
			});
			is(await q.code({ username: token }), 0, "CONNACK: ");
			is(await provision(q, { ...body, token: draw() }), failure);
		},
	),
	row("14.17", "without credentials the server draws a token", async (q) => {
		const { keys } = await profile(q);
		const answer = (await provision(q, { ...keys, deviceName: q.child("drawn") })) as Body;
		is([answer.status, answer.credentialsType], ["SUCCESS", "ACCESS_TOKEN"]);
		is(await q.code({ username: answer.credentialsValue }), 0, "CONNACK: ");
	}),
	row("14.17, trap 26", "basic credentials are asked for by username and answered as userName", async (q) => {
		const { keys } = await profile(q);
		const own = { clientId: draw(), username: draw(), password: "p" };
		const body = { ...keys, ...own, deviceName: q.child("basic"), credentialsType: "MQTT_BASIC" };
		const { credentialsValue } = (await provision(q, body)) as Body;
		is(credentialsValue, { clientId: own.clientId, userName: own.username, password: "p" });
		is(await q.code({ clientId: own.clientId, username: own.username, password: Buffer.from("p") }), 0);
	}),
	row("14.17", "a device that was made before gets its existing credentials, once", async (q) => {
		const { keys, id } = await profile(q, "CHECK_PRE_PROVISIONED_DEVICES");
		const { name, token } = await q.device({ deviceProfileId: id });
		const success = { credentialsValue: token, credentialsType: "ACCESS_TOKEN", status: "SUCCESS" };
		is(await provision(q, { ...keys, deviceName: name, token: draw() }), success);
		is(await provision(q, { ...keys, deviceName: name }), failure, "again: ");
		is(await provision(q, { ...keys, deviceName: q.name("missing") }), failure, "missing: ");
	}),
	row(
		"14.17, trap 26",
		"a provisioning session's publish on another topic is acknowledged and closes",
		async (q) => {
			is(await after(q, "/provision", "{}"), "puback 1, closed", "/provision: ");
			is(await after(q, "v1/devices/me/telemetry", "{}"), "puback 1, closed", "telemetry: ");
		},
	),
	row("14.17", "a provisioning session may subscribe to its answer and nothing else", async (q) => {
		const raw = q.connection();
		await raw.hello({ username: "provision" });
		is(await raw.subscribe("/provision/response", "v1/devices/me/attributes"), [1, 128]);
	}),
	row(
		"14.17, trap 26",
		"a missing secret and a null field are acknowledged and close",
		async (q) => {
			const { keys } = await profile(q);
			const { provisionDeviceKey } = keys;
			const topic = "/provision/request";
			is(await after(q, topic, JSON.stringify({ provisionDeviceKey })), "puback 1, closed", "missing: ");
			is(await after(q, topic, JSON.stringify({ ...keys, token: null })), "puback 1, closed", "null: ");
		},
		{ derived: true },
	),
	row(
		"14.17, trap 28",
		"a provisioning session is closed some time after its answer, however busy it is",
		async (q) => {
			const raw = q.connection();
			await raw.hello({ username: "provision" });
			const body = { ...(await profile(q)).keys, deviceName: q.child("closing") };
			await raw.acknowledged("/provision/request", JSON.stringify(body));
			const pings = setInterval(() => raw.send({ cmd: "pingreq" }), 10_000);
			await raw.closed(provisionClose + q.limits.patience).finally(() => clearInterval(pings));
		},
		{ slow: provisionClose },
	),
	row(
		"14.18, trap 29",
		"a claim is only acknowledged; a second one does not replace the first",
		async (q) => {
			const { device, raw } = await q.fresh();
			const { rest } = await q.site.customer(q.local("customer"));
			raw.publish("v1/devices/me/claim", '{"secretKey":"first","durationMs":60000}');
			is(await q.rest(raw), "puback 1");
			raw.publish("v1/devices/me/claim", '{"secretKey":"second","durationMs":60000}');
			is(await q.rest(raw), "puback 2");
			const path = `/api/customer/device/${device.name}/claim`;
			const { body } = await rest.send("POST", path, { secretKey: "first" });
			is((body as Body).response, "SUCCESS");
		},
	),
	row("14.18", "a claim with an empty payload is one without a secret", async (q) => {
		const { device, raw } = await q.fresh();
		const { rest } = await q.site.customer(q.local("customer"));
		raw.publish("v1/devices/me/claim", "");
		is(await q.rest(raw), "puback 1");
		is((await rest.send("POST", `/api/customer/device/${device.name}/claim`, {})).status, 200);
	}),
];
