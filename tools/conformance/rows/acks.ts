// Checklist 8 to 11 and the traps of acknowledgements.
import { nameOf, type RawDevice } from "../../peer/device.ts";
import type { Question } from "../question.ts";
import { is, type Row, row } from "../row.ts";

const telemetry = "v1/devices/me/telemetry";
const gateway = "v1/gateway/telemetry";

/** What comes after a publish at QoS 1: two things, or until the connection is closed or silent. */
async function after(q: Question, raw: RawDevice, topic: string, payload: string): Promise<string> {
	raw.publish(topic, payload);
	return q.rest(raw);
}

/** Rows on what is acknowledged, what is not, and what closes. */
export const acks: Row[] = [
	row("14.8, trap 2", "an unknown topic is acknowledged, and the connection stays", async (q) => {
		is(await after(q, (await q.fresh()).raw, "v1/devices/me/nothing", "{}"), "puback 1");
	}),
	row("14.8, trap 3", "a gateway topic from a device that is none is met with silence", async (q) => {
		is(await after(q, (await q.fresh()).raw, gateway, '{"A":[{"a":1}]}'), "");
	}),
	row("14.8, trap 1", "a payload that cannot be read closes without PUBACK, at QoS 1 and 0", async (q) => {
		const device = await q.device();
		const first = await q.online(device);
		is(await after(q, first, telemetry, "{"), "closed", "QoS 1: ");
		const second = await q.online(device);
		second.publish(telemetry, "1", 0);
		is(await q.rest(second), "closed", "QoS 0: ");
	}),
	row("14.8", "with sendAckOnValidationException it is acknowledged and dropped", async (q) => {
		const profile = await q.site.profile(q.local("forgiving"), {}, { sendAckOnValidationException: true });
		const raw = await q.online(await q.device({ deviceProfileId: profile.id }));
		is(await after(q, raw, telemetry, "{"), "puback 1");
	}),
	row("14.8", "MQTT 5 answers it with PUBACK 0x99 and an unknown topic with 0x90, and stays", async (q) => {
		const { raw } = await q.fresh({ protocolVersion: 5 });
		is(await after(q, raw, telemetry, "{"), "puback 1 code 153");
		is(await after(q, raw, "v1/devices/me/nothing", "{}"), "puback 2 code 144");
	}),
	row(
		"14.8, trap 3",
		"telemetry [] is neither acknowledged nor does it close; {} is acknowledged",
		async (q) => {
			const { raw } = await q.fresh();
			is(await after(q, raw, telemetry, "[]"), "", "[]: ");
			is(await after(q, raw, telemetry, "{}"), "puback 2", "{}: ");
		},
	),
	row(
		"14.8",
		"gateway JSON of a wrong structure is acknowledged, then the connection is closed",
		async (q) => {
			const raw = await q.online(await q.gateway());
			is(await after(q, raw, gateway, '{"A":5}'), "puback 1, closed");
		},
	),
	row("14.8", "gateway JSON of a wrong syntax closes without PUBACK", async (q) => {
		is(await after(q, await q.online(await q.gateway()), gateway, "{"), "closed");
	}),
	row("14.8", "an unknown gateway topic is acknowledged and dropped", async (q) => {
		is(await after(q, await q.online(await q.gateway()), "v1/gateway/nothing", "{}"), "puback 1");
	}),
	row(
		"trap 3",
		'gateway {"A":[]} is never acknowledged',
		async (q) => {
			const raw = await q.online(await q.gateway());
			is(await after(q, raw, gateway, JSON.stringify({ [q.child("a")]: [] })), "");
		},
		{ derived: true },
	),
	row(
		"14.10",
		"a publish at QoS 2 is answered with PUBACK",
		async (q) => {
			const { raw } = await q.fresh();
			raw.publish(telemetry, '{"a":1}', 2);
			is(await q.rest(raw), "puback 1");
		},
		{ derived: true },
	),
	row(
		"14.10",
		"SUBSCRIBE grants at most QoS 1, compares filters as text, and refuses only what is wrong",
		async (q) => {
			const { raw } = await q.fresh();
			const topics = ["v1/devices/me/attributes", "#", "v1/devices/me/#", "v1/devices/me/rpc/request/1"];
			const subscriptions = topics.map((topic) => ({ topic, qos: 2 as const }));
			raw.send({ cmd: "subscribe", messageId: 1, subscriptions });
			const packet = await raw.next();
			is(
				typeof packet === "object" && packet.cmd === "suback" ? packet.granted : nameOf(packet),
				[1, 128, 128, 128],
			);
		},
	),
	row("14.10, trap 31", "v2/fw/response/+ is refused, v2/fw/response/+/chunk/+ is granted", async (q) => {
		const { raw } = await q.fresh();
		is(await raw.subscribe("v2/fw/response/+", "v2/fw/response/+/chunk/+", "v2/sw/error"), [128, 1, 1]);
	}),
	row("14.10", "MQTT 5 refuses a filter with 0x8F and answers UNSUBSCRIBE with a code each", async (q) => {
		const { raw } = await q.fresh({ protocolVersion: 5 });
		is(await raw.subscribe("#", "v1/devices/me/attributes"), [0x8f, 1]);
		raw.send({
			cmd: "unsubscribe",
			messageId: 9,
			unsubscriptions: ["v1/devices/me/attributes", "v1/gateway/rpc"],
		});
		const packet = await raw.pick("UNSUBACK", ({ cmd }) => cmd === "unsuback");
		is(packet.cmd === "unsuback" && packet.granted, [0, 0x11]);
	}),
	row("14.11", "an answer comes at QoS 1 to a device that has not subscribed", async (q) => {
		const { raw } = await q.fresh();
		raw.publish("v1/devices/me/attributes/request/1", "{}");
		const { topic, qos, text } = await raw.message("v1/devices/me/attributes/response");
		is([topic, qos, text], ["v1/devices/me/attributes/response/1", 1, "{}"]);
	}),
	row("14.11", "an answer comes at QoS 0 to a device that has subscribed with it", async (q) => {
		const { raw } = await q.fresh();
		const topic = "v1/devices/me/attributes/response/+";
		raw.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 0 }] });
		is(await q.come(raw, 1), "suback 1");
		raw.publish("v1/devices/me/attributes/request/1", "{}");
		is((await raw.message("v1/devices/me/attributes/response")).qos, 0);
	}),
];
