// Whatever a gateway or an unknown device says: it is answered or closed, the server stays whole, and others go on.
import fc from "fast-check";
import { startThingsBoard, type ThingsBoard } from "../../../thingsboard/server.ts";
import { equal } from "../../assert.ts";
import { hello, Peer, ToldClock } from "../server.ts";

const runs = process.env.TEST_LONG ? 2000 : 400;

const names = [
	"device",
	"type",
	"id",
	"data",
	"client",
	"key",
	"keys",
	"A",
	"",
	"ts",
	"values",
	"metadata",
	"connector",
	"receivedTs",
	"publishedTs",
	"secretKey",
	"durationMs",
	"deviceName",
	"credentialsType",
	"token",
	"hash",
	"username",
	"gateway",
	"__proto__",
	"constructor",
	"hasOwnProperty",
];
const key = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, fc.string({ maxLength: 5 }));
const leaf = fc.oneof(
	fc.constantFrom(
		"null",
		"true",
		"false",
		"0",
		"-1",
		"1e3",
		"1e999",
		"2147483648",
		"0.1",
		"NaN",
		'""',
		'"A"',
		'"X"',
	),
	fc.constantFrom('"ACCESS_TOKEN"', '"MQTT_BASIC"', '"1e99999"', "123456789012345678901234567890"),
	fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)),
);
const { json } = fc.letrec<{ json: string; array: string; object: string }>((tie) => ({
	json: fc.oneof({ depthSize: "small" }, leaf, tie("array"), tie("object")),
	array: fc.array(tie("json"), { maxLength: 3 }).map((items) => `[${items.join(",")}]`),
	object: fc
		.array(fc.tuple(key, tie("json")), { maxLength: 5 })
		.map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`),
}));
/** One to the point, and one that lacks its end. */
const text = fc.oneof(
	{ weight: 8, arbitrary: json },
	json.map((whole) => whole.slice(0, -1)),
	fc.string({ maxLength: 20 }),
	fc.constantFrom("", "[".repeat(300), '{"A":'.repeat(300), `{"A":[{"t":${"9".repeat(5000)}}]}`),
);
const bytes = fc.oneof(
	{ weight: 8, arbitrary: text.map((it) => Buffer.from(it)) },
	fc.uint8Array({ maxLength: 30 }).map((it) => Buffer.from(it)),
);

/** Messages in messages with small field numbers, and bytes that are none. */
const field = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.constantFrom(0, 1, 2, 5));
const { protobuf } = fc.letrec<{ protobuf: Buffer }>((tie) => ({
	protobuf: fc.oneof(
		{ depthSize: "small" },
		fc.constantFrom(Buffer.from("A"), Buffer.from("{"), Buffer.alloc(0), Buffer.alloc(8, 0xff)),
		fc.uint8Array({ maxLength: 12 }).map((it) => Buffer.from(it)),
		fc.array(fc.tuple(field, tie("protobuf")), { maxLength: 4 }).map((fields) =>
			Buffer.concat(
				fields.flatMap(([[number, wire], inner]) => {
					const body = inner.subarray(0, 100);
					return wire === 2
						? [Uint8Array.of(number * 8 + 2, body.length), body]
						: [Uint8Array.of(number * 8 + wire), wire === 0 ? Uint8Array.of(3) : body];
				}),
			),
		),
	),
}));

const gatewayTopic = fc
	.constantFrom("connect", "disconnect", "telemetry", "attributes", "claim", "attributes/request", "rpc", "x")
	.map((name) => `v1/gateway/${name}`);

describe("thingsboard gateway and provisioning under noise", function () {
	this.timeout(600_000);
	let server: ThingsBoard;
	let witness: Peer;
	let log: string[];
	beforeEach(async () => {
		log = [];
		const told = { clock: new ToldClock(), log: (line: string) => log.push(line) };
		server = await startThingsBoard({ mqttPort: 0, httpPort: 0, ...told });
		server.core.devices.create({ name: "witness" }, "witness");
		server.core.devices.create({ name: "gw", additionalInfo: { gateway: true } }, "gw");
		const { transport } = server.core.profiles.ensure("proto");
		Object.assign(transport, { type: "MQTT", payloadType: "PROTOBUF" });
		const proto = { name: "proto", type: "proto", additionalInfo: { gateway: true } };
		server.core.devices.create(proto, "proto");
		const provision = { strategy: "ALLOW_CREATE_NEW_DEVICES", key: "A", secret: "A" } as const;
		server.core.profiles.create({ name: "open", provision });
		witness = await connected("witness");
	});
	afterEach(() => server.close());

	async function connected(username: string): Promise<Peer> {
		const peer = new Peer(server);
		peer.send(hello({ username }));
		equal(await peer.kind(), "connack");
		return peer;
	}

	/** Says all that, and waits until the server has nothing more to say. */
	async function survives(username: string, said: readonly (readonly [string, Buffer])[]): Promise<void> {
		const peer = await connected(username);
		said.forEach(([topic, payload], i) => {
			peer.publish(topic, payload, 1, i + 1);
		});
		peer.send({ cmd: "pingreq" });
		for (let kind = ""; kind !== "closed" && kind !== "pingresp"; ) kind = await peer.kind();
		await peer.end();
		witness.publish("v1/devices/me/telemetry", '{"t":1}');
		equal(await witness.kind(), "puback 7");
		const unexpected = log.splice(0).filter((line) => line.includes("unexpected"));
		equal(unexpected.join("\n"), "");
	}

	for (const seed of [1, Date.now() % 2 ** 31]) {
		it(`takes anything on a gateway's topics (seed ${seed})`, () =>
			fc.assert(
				fc.asyncProperty(fc.array(fc.tuple(gatewayTopic, bytes), { minLength: 1, maxLength: 5 }), (said) =>
					survives("gw", said),
				),
				{ seed, numRuns: runs },
			));

		it(`takes any bytes from a gateway that speaks protobuf (seed ${seed})`, () =>
			fc.assert(
				fc.asyncProperty(fc.array(fc.tuple(gatewayTopic, protobuf), { minLength: 1, maxLength: 5 }), (said) =>
					survives("proto", said),
				),
				{ seed, numRuns: runs },
			));

		it(`takes anything on the provisioning topic (seed ${seed})`, () =>
			fc.assert(
				fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 3 }), (said) =>
					survives(
						"provision",
						said.map((payload) => ["/provision/request", payload] as const),
					),
				),
				{ seed, numRuns: runs },
			));
	}
});
