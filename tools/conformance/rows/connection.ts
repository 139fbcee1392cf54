// Checklist 1 to 7 and the traps of connections.
import { randomBytes } from "node:crypto";
import mqttPacket, { type Packet } from "mqtt-packet";
import type { Limits, Question } from "../question.ts";
import { is, type Row, row } from "../row.ts";

const password = Buffer.from("wrong");
const stranger = (): string => randomBytes(10).toString("hex");

/** A CONNECT as bytes, with another protocol level. */
function level(value: number, username: string): Buffer {
	const packet = { cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 60 };
	const bytes = mqttPacket.generate({ ...packet, clientId: "c", username } as Packet);
	bytes[bytes.indexOf("MQTT") + 4] = value;
	return bytes;
}

/** Rows on how a connection begins and ends. */
export const connection = ({ inactivity }: Limits): Row[] => [
	row("14.1", "3.1.1 is accepted", async (q) => {
		is(await q.code({ username: (await q.device()).token }), 0);
	}),
	row("14.1", "MQTT 5 is accepted, and its CONNACK has no properties", async (q) => {
		const { token: username } = await q.device();
		const { reasonCode, properties = {} } = await q.connection().hello({ username, protocolVersion: 5 });
		is([reasonCode, properties], [0, {}]);
	}),
	row("14.1", "an unknown protocol level is closed without CONNACK", async (q) => {
		const raw = q.connection();
		raw.bytes(level(6, (await q.device()).token));
		is(await q.come(raw, 1), "closed");
	}),
	row("14.1", "a packet that cannot be decoded closes", async (q) => {
		const { raw } = await q.fresh();
		raw.bytes(Uint8Array.of(0x36, 5, 0, 1, 0x61, 0, 1)); // QoS 3
		is(await q.come(raw, 1), "closed");
	}),
	row("14.2", "a token is accepted whatever client id and password come with it", async (q) => {
		is(await q.code({ username: (await q.device()).token, clientId: stranger(), password }), 0);
	}),
	row("14.2, trap 7", "a wrong token is refused with 5, alone and with a password", async (q) => {
		is([await q.code({ username: stranger() }), await q.code({ username: stranger(), password })], [5, 5]);
	}),
	row(
		"14.2, trap 7",
		"a client id alone that matches nothing is refused with 2, nothing at all with 5",
		async (q) => {
			is([await q.code({ clientId: stranger() }), await q.code({ clientId: "" })], [2, 5]);
		},
	),
	row("14.2", "MQTT 5 refuses a wrong token with 0x86 and an unknown client id with 0x85", async (q) => {
		const protocolVersion = 5;
		const codes = [{ username: stranger() }, { clientId: stranger() }].map((over) =>
			q.code({ protocolVersion, ...over }),
		);
		is(await Promise.all(codes), [0x86, 0x85]);
	}),
	row("14.2", "the user name or client id provision is let in, whatever the password", async (q) => {
		is([await q.code({ username: "provision", password }), await q.code({ clientId: "provision" })], [0, 0]);
	}),
	row("14.3", "session-present is the inverse of clean-session, also when refused", async (q) => {
		const { token: username } = await q.device();
		const present = async (over: object) => (await q.connection().hello(over)).sessionPresent;
		is(await present({ username }), false, "clean: ");
		is(await present({ username, clean: false }), true, "not clean: ");
		is(await present({ username: stranger(), clean: false }), true, "refused: ");
	}),
	row("14.3, trap 4", "nothing is stored: a session that is present has no subscriptions", async (q) => {
		const device = await q.device();
		const over = { clean: false, clientId: stranger() };
		const first = await q.online(device, over);
		is(await q.subscribe(first, "v1/devices/me/attributes"), [1]);
		first.send({ cmd: "disconnect" });
		const second = await q.online(device, over);
		await q.site.setAttributes(device.id, "SHARED_SCOPE", { a: 1 });
		is(await q.rest(second), "");
	}),
	row("14.4", "packets that come with CONNECT are answered after CONNACK", async (q) => {
		const raw = q.connection();
		const { token } = await q.device();
		raw.connect({ username: token });
		raw.publish("v1/devices/me/telemetry", '{"a":1}');
		is(await q.come(raw, 2), "connack, puback 1");
	}),
	row("14.4", "100 packets before CONNECT wait, one more closes", async (q) => {
		const raw = q.connection();
		for (let i = 0; i < 100; i++) raw.publish("v1/devices/me/telemetry", "{}");
		const came = await raw.next(q.limits.settle);
		is(came, "silence");
		raw.publish("v1/devices/me/telemetry", "{}");
		is(await q.come(raw, 1), "closed");
	}),
	row("14.5, trap 5", "a second session of a device is let in, and the first is closed", async (q) => {
		const device = await q.device();
		const first = await q.online(device);
		const second = await q.online(device, { clientId: stranger() });
		is(await q.come(first, 1), "closed");
		is(await q.rest(second), "");
	}),
	row(
		"14.6, trap 6",
		"a session without activity is closed; PINGREQ is activity, a firmware request is none",
		async (q) => {
			const [busy, quiet, loader] = await Promise.all([
				q.fresh({}, "busy"),
				q.fresh({}, "quiet"),
				q.fresh({}, "loader"),
			]);
			const id = await q.site.package(q.local("1"), Uint8Array.of(1));
			await q.site.assign(loader.device.id, id);
			await half(q, () => {
				busy.raw.send({ cmd: "pingreq" });
				loader.raw.publish("v2/fw/request/1/chunk/0", "1", 0);
			});
			is(await q.come(busy.raw, 1), "pingresp");
			await quiet.raw.closed(inactivity);
			await loader.raw.closed(10_000);
			is(await q.rest(busy.raw), "");
		},
		{ slow: inactivity + 15_000 },
	),
	row(
		"14.7, trap 10",
		"a remaining length of 65536 is taken, one byte more closes without PUBACK",
		async (q) => {
			const { raw } = await q.fresh();
			const room = 65_536 - 2 - "v1/devices/me/telemetry".length - 2;
			const payload = (length: number) => `{"a":"${"x".repeat(length - 8)}"}`;
			raw.publish("v1/devices/me/telemetry", payload(room));
			is(await q.come(raw, 1), "puback 1");
			raw.publish("v1/devices/me/telemetry", payload(room + 1));
			is(await q.come(raw, 1), "closed");
		},
	),
];

/** Does something after half of the time after which a silent session ends. */
async function half({ limits }: Question, action: () => void): Promise<void> {
	await new Promise((done) => setTimeout(done, limits.inactivity / 2));
	action();
}
