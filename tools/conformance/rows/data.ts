// Checklist 12 to 14 and the traps of data.
import type { RawDevice } from "../../peer/device.ts";
import type { Question } from "../question.ts";
import { is, type Row, row } from "../row.ts";

const telemetry = "v1/devices/me/telemetry";

/** Telemetry members as they are sent, and how the server stores them; `undefined`: not at all. */
const typed: [key: string, sent: string, stored: string | undefined][] = [
	["leadingZeros", '"007"', "7"],
	["trailingZero", '"1.10"', "1.1"],
	["bareFraction", '".5"', "0.5"],
	["negative", '"-5"', "-5"],
	["plus", '"+5"', '"+5"'],
	["exponentText", '"1e5"', '"1e5"'],
	["pointAtEnd", '"5."', '"5."'],
	["spaces", '" 7 "', '" 7 "'],
	["double", "20.0", "20.0"],
	["exponent", "1.5e3", "1500"],
	["sum", "0.30000000000000004", '"0.30000000000000004"'],
	["precise", "23.100000381469727", "23.100000381469727"],
	["longest", "9223372036854775807", "9223372036854775807"],
	["tooLong", "9223372036854775808", '"9223372036854775808"'],
	["flag", "true", "true"],
	["object", '{"a":[1,"b"]}', '{"a":[1,"b"]}'],
	["nothing", "null", undefined],
];

/** What an attribute request is answered with. */
async function asked(raw: RawDevice, payload: string): Promise<unknown> {
	raw.publish("v1/devices/me/attributes/request/5", payload);
	return JSON.parse((await raw.message("v1/devices/me/attributes/response/5")).text);
}

/** A device with client attributes a and b and shared c. */
async function furnished(q: Question): Promise<RawDevice> {
	const { device, raw } = await q.fresh();
	await raw.acknowledged("v1/devices/me/attributes", '{"a":1,"b":"x"}');
	await q.site.setAttributes(device.id, "SHARED_SCOPE", { c: true });
	await q.eventually("the attributes", async () => {
		const found = await q.site.attributes(device.id, "CLIENT_SCOPE");
		return "b" in found && "c" in (await q.site.attributes(device.id, "SHARED_SCOPE"));
	});
	return raw;
}

/** Rows on telemetry and attributes. */
export const data: Row[] = [
	row("14.12, trap 11, trap 12, trap 18", "values are typed as the server types them", async (q) => {
		const payload = `{${typed.map(([key, sent]) => `"${key}":${sent}`).join(",")}}`;
		const stored = await q.stored(payload, ...typed.map(([key]) => key));
		is(stored, Object.fromEntries(typed.map(([key, , text]) => [key, text])));
	}),
	row("14.12", "single quotes and bare names are read, of repeated keys the last counts", async (q) => {
		is(await q.stored('{\'a\':1,b=2,"c":3,"c":4}', "a", "b", "c"), { a: "1", b: "2", c: "4" });
	}),
	row("14.12", "text after the value and an empty payload close", async (q) => {
		const device = await q.device();
		for (const payload of ['{"a":1}x', ""]) {
			const raw = await q.online(device);
			raw.publish(telemetry, payload);
			is(await q.rest(raw), "closed", `${JSON.stringify(payload)}: `);
		}
	}),
	row("trap 13", "ts counts only together with values, and may be text of digits", async (q) => {
		const stored = await q.stored(
			'[{"ts":1700000000000,"values":{"a":1}},{"ts":"1700000000001","values":{"a":2}},{"ts":5,"t":3}]',
			"a",
			"ts",
			"t",
		);
		is(stored, { a: "2", ts: "5", t: "3" });
	}),
	row("trap 13", "a ts that is no number closes", async (q) => {
		const { raw } = await q.fresh();
		raw.publish(telemetry, '{"ts":"now","values":{"a":1}}');
		is(await q.rest(raw), "closed");
	}),
	row("trap 14", "null deletes nothing", async (q) => {
		const { device, raw } = await q.fresh();
		await raw.acknowledged(telemetry, '{"a":1}');
		await raw.acknowledged(telemetry, '{"a":null,"b":2}');
		await q.eventually("b", async () => (await q.value(device, "b")) === "2");
		is(await q.value(device, "a"), "1");
	}),
	row(
		"trap 11, trap 39",
		"text that looks like a number becomes one in attributes too, also by REST",
		async (q) => {
			const { device, raw } = await q.fresh();
			await q.subscribe(raw, "v1/devices/me/attributes");
			await q.site.setAttributes(device.id, "SHARED_SCOPE", { version: "1.10" });
			is((await raw.message("v1/devices/me/attributes")).text, '{"version":1.1}');
			await raw.acknowledged("v1/devices/me/attributes", '{"serial":"007"}');
			const { serial } = await q.eventually("the attribute", async () => {
				const found = await q.site.attributes(device.id, "CLIENT_SCOPE");
				return "serial" in found && found;
			});
			is(serial, 7);
		},
	),
	row("14.13", "{} asks for all client and shared attributes", async (q) => {
		is(await asked(await furnished(q), "{}"), { client: { a: 1, b: "x" }, shared: { c: true } });
	}),
	row(
		"14.13, trap 16",
		"a scope of which nothing was found is left out, {} when nothing at all was",
		async (q) => {
			const raw = await furnished(q);
			is(await asked(raw, '{"clientKeys":"a,none","sharedKeys":"none"}'), { client: { a: 1 } });
			is(await asked(raw, '{"sharedKeys":"none"}'), {});
		},
	),
	row("14.13, trap 15", "keys are not trimmed", async (q) => {
		is(await asked(await furnished(q), '{"clientKeys":"a, b"}'), { client: { a: 1 } });
	}),
	row("14.13", "a negative request id is acknowledged and never answered", async (q) => {
		const raw = await furnished(q);
		raw.publish("v1/devices/me/attributes/request/-1", "{}");
		is(/^puback \d+$/.test(await q.rest(raw)), true, "one PUBACK: ");
	}),
	row("14.13", "a request id that is no 32-bit integer closes, and so does an empty payload", async (q) => {
		const device = await q.device();
		for (const [id, payload] of [
			["x", "{}"],
			["2147483648", "{}"],
			["1", ""],
		] as const) {
			const raw = await q.online(device);
			raw.publish(`v1/devices/me/attributes/request/${id}`, payload);
			is(await q.rest(raw), "closed", `${id} ${JSON.stringify(payload)}: `);
		}
	}),
	row(
		"14.14, trap 17",
		"updates and deleted lists go to a subscriber, without a snapshot before",
		async (q) => {
			const { device, raw } = await q.fresh();
			const share = (values: object) => q.site.setAttributes(device.id, "SHARED_SCOPE", { ...values });
			await share({ a: 1 });
			is(await q.rest(raw), "", "before SUBSCRIBE: ");
			await q.subscribe(raw, "v1/devices/me/attributes");
			is(await q.rest(raw), "", "after SUBSCRIBE: ");
			await share({ a: 1 });
			is((await raw.message("v1/devices/me/attributes")).text, '{"a":1}');
			await q.site.deleteAttributes(device.id, "SHARED_SCOPE", "a", "never");
			is(JSON.parse((await raw.message("v1/devices/me/attributes")).text), { deleted: ["a", "never"] });
		},
	),
	row("trap 19", "a telemetry topic of the profile's own replaces the standard one", async (q) => {
		const profile = await q.site.profile(q.local("topics"), {}, { deviceTelemetryTopic: "own/+" });
		const device = await q.device({ deviceProfileId: profile.id });
		const raw = await q.online(device);
		await raw.acknowledged(telemetry, '{"standard":1}');
		await raw.acknowledged("own/x", '{"own":1}');
		await q.eventually("own", async () => (await q.value(device, "own")) === "1");
		is(await q.value(device, "standard"), undefined);
	}),
];
