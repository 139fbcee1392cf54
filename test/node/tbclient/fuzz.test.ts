// Whatever the server, or somebody in its place, sends: every inbound topic with any payload, and any bytes below the guards.
import fc from "fast-check";
import TBClient from "tbclient";
import { equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { begin, client, connect, log } from "../../modules/tbclient/rig.ts";
import { packet } from "../../sdk/mqtt-contract.ts";
import { World } from "./world.ts";

const runs = process.env.TEST_LONG ? 20_000 : 1000;
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const text = (value: string) => [...Buffer.from(value)];
/** What a server says, more or less. */
const packets: Uint8Array[] = [
	packet.connack(),
	packet.connack(5),
	packet.suback(1, 1, 1, 1, 0, 0, 1),
	packet.puback(2),
	packet.pingresp(),
	[0x32, 0xff, 0x7f],
	packet.publish("v1/devices/me/attributes", text('{"a":1}'), 1, 7),
	packet.publish("v1/devices/me/rpc/request/1", text('{"method":"a","params":1}'), 1, 8),
	packet.publish("v2/fw/response/1/chunk/1", text("x".repeat(100))),
	packet.publish("v1/devices/me/attributes", [], 1, 9),
].map((bytes) => Uint8Array.from(bytes));

const number = fc.oneof(fc.nat(20), fc.constantFrom(-1, 2 ** 31 - 1, 2 ** 31, 1e10));
const topic = fc.oneof(
	fc.constantFrom(
		"v1/devices/me/attributes",
		"v2/fw/error",
		"v1/devices/me/rpc/request/",
		"x",
		"v2/fw/response/1/chunk/",
	),
	...["attributes/response/", "rpc/request/", "rpc/response/"].map((kind) =>
		number.map((id) => `v1/devices/me/${kind}${id}`),
	),
	fc.tuple(number, number).map(([a, b]) => `v2/fw/response/${a}/chunk/${b}`),
	fc.string({ unit: "grapheme" }),
);
const method = fc.constantFrom("now", "throws", "later", "none", "toString", "__proto__");
const payload = fc.oneof(
	fc.json().map((text) => Buffer.from(text)),
	fc.uint8Array({ maxLength: 300 }),
	fc.record({ method, params: fc.jsonValue() }).map((call) => Buffer.from(JSON.stringify(call))),
	fc.record({ deleted: fc.array(fc.string()) }).map((call) => Buffer.from(JSON.stringify(call))),
	fc.nat(4000).map((depth) => Buffer.from("[".repeat(depth))),
	fc.nat(2000).map((depth) => Buffer.from('{"a":'.repeat(depth))),
	fc.constantFrom(4096, 4097, 70_000).map((size) => Buffer.alloc(size, 0x20)),
);
const message = fc.record({ topic, payload, cuts: fc.array(fc.nat(100)), throws: fc.boolean() });

describe("TBClient: fuzzing", function () {
	this.timeout(600_000);

	it(`takes any payload on any topic, and the connection stays; seed ${seed}`, () => {
		fc.assert(fc.property(fc.array(message, { minLength: 1, maxLength: 20, size: "max" }), take), {
			numRuns: runs,
			seed,
		});
	});
	it(`takes any bytes below the guards, and connects again; seed ${seed}`, () => {
		const piece = fc.oneof(
			fc.uint8Array({ maxLength: 60 }),
			fc.tuple(fc.constantFrom(...packets), fc.nat(40), fc.nat(255)).map(([bytes, at, value]) => {
				const copy = Uint8Array.from(bytes);
				if (at < copy.length) copy[at] = value;
				return copy;
			}),
			fc.constantFrom(...packets),
		);
		fc.assert(fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), fc.boolean(), endure), {
			numRuns: runs,
			seed,
		});
	});
});

/** Messages, delivered in pieces to callbacks that may throw. */
function take(messages: { topic: string; payload: Uint8Array; cuts: number[]; throws: boolean }[]): void {
	begin();
	let throws = false;
	const strike = () => {
		if (throws) throw new Error("struck");
	};
	const mqtt = connect({ onAttributes: strike, onRPC: strike, onFirmware: strike, onFirmwareError: strike });
	client.handle("now", (params) => params);
	client.handle("throws", () => {
		throw new Error("no");
	});
	client.handle("later", () => undefined);
	client.call("x", 1, strike);
	client.requestAttributes({}, strike);
	for (const one of messages) {
		throws = one.throws;
		const { length } = one.payload;
		const ends = [...new Set(one.cuts.map((cut) => 1 + (cut * length) / 100).map(Math.floor))].filter(
			(cut) => cut < length,
		);
		mqtt.deliver(one.topic, Uint8Array.from(one.payload), ...ends.sort((a, b) => a - b));
		equal(mqtt.unread, 0);
		for (const { id } of mqtt.published.splice(0)) if (id) mqtt.ack(id);
	}
	throws = false;
	clock.advance(25_000);
	ok(client.connected && !mqtt.closed, log.join("\n"));
	const { stats } = client;
	ok(stats.received + stats.unknown + stats.dropped + stats.malformed <= 3 * messages.length);
	ok(clock.armed <= 3, `${clock.armed} timers`);
	equal(({} as { a?: unknown }).a, undefined);
	client.close();
}

/** A server that says anything, then one that means it. */
function endure(pieces: Uint8Array[], polite: boolean): void {
	const world = new World(1);
	let accepts = 0;
	let stored = 0;
	world.device.watchers.add({
		telemetry: (rows) => {
			stored += rows.length;
		},
		attributes: () => undefined,
		deleted: () => undefined,
	});
	const real = world.accept.bind(world);
	world.accept = (wire) => {
		accepts += 1;
		if (accepts > 1) {
			real(wire);
			return;
		}
		if (polite) wire.write(packets[0] as Uint8Array);
		for (const piece of pieces) if (piece.length) wire.write(piece);
	};
	const errors: string[] = [];
	const client = new TBClient({
		...{ ...world.network, host: "tb", token: "token", random: () => 0.5 },
		onError: ({ code }) => errors.push(code),
	});
	client.sendTelemetry({ n: 1 });
	clock.advance(60_000);
	world.cut(0, 0);
	clock.advance(180_000);
	ok(client.connected && accepts > 1, `${accepts} connections: ${errors}`);
	equal(stored > 0, true, "what was queued arrives");
	client.close();
	world.close();
}
