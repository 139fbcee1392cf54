import mqttPacket, { type Packet } from "mqtt-packet";
import type { Wire } from "../../../thingsboard/mqtt/wire.ts";
import { deepEqual, equal, ok, throws } from "../../assert.ts";
import { type Bench, bench, hello, online } from "../server.ts";

const telemetry = "v1/devices/me/telemetry";

/** A device on a wire in this process: what it sends is there at once. */
class Wired implements Wire {
	onBytes: (bytes: Uint8Array) => void = () => undefined;
	onGone: () => void = () => undefined;
	received = Buffer.alloc(0);
	closed = false;
	#read = 0;

	constructor({ server }: Bench) {
		server.accept(this);
	}

	write(bytes: Uint8Array): void {
		this.received = Buffer.concat([this.received, bytes]);
	}

	close(): void {
		this.closed = true;
	}

	send(...packets: Packet[]): void {
		this.onBytes(Buffer.concat(packets.map((packet) => mqttPacket.generate(packet))));
	}

	telemetry(messageId: number): void {
		this.send({
			cmd: "publish",
			topic: telemetry,
			payload: "{}",
			qos: 1,
			messageId,
			dup: false,
			retain: false,
		});
	}

	/** Type and id of what came since the last call, once the server's turn is over. */
	async came(): Promise<string[]> {
		for (let turn = 0; turn < 4; turn++) await new Promise((done) => setImmediate(done));
		const parser = mqttPacket.parser();
		const names: string[] = [];
		parser.on("packet", ({ cmd, messageId }: Packet) => names.push(messageId ? `${cmd} ${messageId}` : cmd));
		parser.parse(this.received.subarray(this.#read));
		this.#read = this.received.length;
		return names;
	}
}

describe("thingsboard: faults on command", () => {
	let at: Bench;
	let wire: Wired;
	const fault = (name: string, value: unknown = true) => at.server.core.faults.set(name, value, at.device);
	beforeEach(async () => {
		at = await bench();
		wire = new Wired(at);
		wire.send(hello({ username: "token" }));
		deepEqual(await wire.came(), ["connack"]);
	});
	afterEach(() => at.end());

	it("close: the connection ends at once, at MQTT 5 without DISCONNECT", async () => {
		const five = await online(at, { protocolVersion: 5 });
		fault("close");
		deepEqual(await five.rest(), ["closed"]);
	});

	it("dropAfterBytes: exactly so many more bytes go out", async () => {
		fault("dropAfterBytes", 3);
		wire.telemetry(1);
		wire.telemetry(2);
		await wire.came();
		deepEqual([wire.received.length, wire.closed, at.device.session], [4 + 3, true, undefined]);
	});

	it("dropAfterBytes counts over several packets, and 0 sends nothing at all", async () => {
		fault("dropAfterBytes", 6);
		wire.telemetry(1);
		deepEqual(await wire.came(), ["puback 1"]);
		deepEqual(at.device.faults.all(), { dropAfterBytes: 2 });
		fault("dropAfterBytes", 0);
		wire.telemetry(2);
		deepEqual(await wire.came(), []);
		ok(wire.closed);
	});

	it("dropAfterReceived: what came in whole before the cut is processed, what was cut is not", async () => {
		const publish = (key: string) =>
			mqttPacket.generate({
				cmd: "publish",
				topic: telemetry,
				payload: `{"${key}":1}`,
				qos: 0,
				dup: false,
				retain: false,
			});
		const bytes = Buffer.concat([publish("a"), publish("b"), publish("c")]);
		fault("dropAfterReceived", bytes.length - 1);
		wire.onBytes(bytes.subarray(0, 10));
		wire.onBytes(bytes.subarray(10));
		ok(wire.closed);
		deepEqual([...at.device.series.keys()], ["a", "b"]);
		deepEqual(at.device.faults.all(), {});
	});

	it("delay: what the device sends and what it gets take longer, in order", async () => {
		fault("delay", 100);
		wire.telemetry(1);
		at.clock.advance(60);
		wire.telemetry(2);
		at.clock.advance(40);
		deepEqual(await wire.came(), []);
		at.clock.advance(60);
		await wire.came();
		at.clock.advance(40);
		deepEqual(await wire.came(), ["puback 1"]);
		at.clock.advance(60);
		deepEqual(await wire.came(), ["puback 2"]);
	});

	it("delay, cleared: what is under way is not overtaken", async () => {
		fault("delay", 100);
		at.device.session?.publish("t", Buffer.of(1));
		fault("delay", null);
		at.device.session?.publish("t", Buffer.of(2));
		deepEqual(await wire.came(), []);
		at.clock.advance(100);
		deepEqual(await wire.came(), ["publish 1", "publish 2"]);
		at.device.session?.publish("t", Buffer.of(3));
		deepEqual(await wire.came(), ["publish 3"]);
	});

	it("bandwidth: so many bytes per second, and a close waits for them", async () => {
		fault("bandwidth", 1000);
		at.device.session?.publish("t", Buffer.alloc(492)); // 500 bytes with what stands around it
		at.device.session?.publish("t", Buffer.alloc(492));
		at.device.session?.drop("enough");
		at.clock.advance(500);
		deepEqual(await wire.came(), ["publish 1"]);
		at.clock.advance(499);
		deepEqual([await wire.came(), wire.closed], [[], false]);
		at.clock.advance(1);
		deepEqual([await wire.came(), wire.closed], [["publish 2"], true]);
	});

	it("halfOpen: neither side hears the other, and both keep the connection", async () => {
		fault("halfOpen");
		wire.telemetry(1);
		wire.send({ cmd: "pingreq" });
		at.device.session?.publish("t", Buffer.of(1));
		deepEqual([await wire.came(), wire.closed, at.device.series.size], [[], false, 0]);
		at.clock.advance(605_000);
		deepEqual([at.device.session, wire.closed], [undefined, false]);
	});

	it("refuse: the next connections get that code, as often as refuseTimes says", async () => {
		fault("refuse", 4);
		fault("refuseTimes", 2);
		for (const expected of [4, 4, 0]) {
			const other = new Wired(at);
			other.send(hello({ username: "token" }));
			await other.came();
			equal(other.received[3], expected);
		}
	});

	it("loseAcks: messages are processed and not acknowledged", async () => {
		fault("loseAcks", 2);
		for (const id of [1, 2, 3]) wire.telemetry(id);
		deepEqual(await wire.came(), ["puback 3"]);
		deepEqual(at.device.faults.all(), {});
	});

	it("takeOver: somebody else connects now, or as soon as the device does", async () => {
		fault("takeOver", 2);
		await wire.came();
		ok(wire.closed);
		const again = new Wired(at);
		again.send(hello({ username: "token" }));
		deepEqual([await again.came(), again.closed], [["connack"], true]);
		const last = new Wired(at);
		last.send(hello({ username: "token" }));
		deepEqual([await last.came(), last.closed], [["connack"], false]);
	});

	it("nextId: ids go on from there, over 65535 to 0", async () => {
		fault("nextId", 65_535);
		for (let i = 0; i < 3; i++) at.device.session?.publish("t", Buffer.of(1));
		const bytes = Buffer.from(
			"320600 0174ffff01 320600 0174000001 320600 0174000101".replaceAll(" ", ""),
			"hex",
		);
		deepEqual(wire.received.subarray(4), bytes);
	});

	it("nextId waits for a device that is not connected", async () => {
		wire.onGone();
		fault("nextId", 9);
		const other = new Wired(at);
		other.send(hello({ username: "token" }));
		await other.came();
		at.device.session?.publish("t", Buffer.of(1));
		deepEqual(await other.came(), ["publish 9"]);
	});

	it("clockJump: new values carry the other time, and idle sessions notice", async () => {
		const before = at.clock.now();
		at.server.core.faults.set("clockJump", -3_600_000);
		wire.send({ cmd: "publish", topic: telemetry, payload: '{"a":1}', qos: 0, dup: false, retain: false });
		equal(at.device.series.get("a")?.[0]?.ts, before - 3_600_000);
		at.server.core.faults.set("clockJump", 3_600_000 + 700_000);
		at.clock.advance(3000);
		ok(wire.closed);
	});

	it("sessionPresent: also a clean session is told that it was there before, once", async () => {
		fault("sessionPresent");
		for (const expected of [1, 0]) {
			const other = new Wired(at);
			other.send(hello({ username: "token" }));
			await other.came();
			equal(other.received[2], expected);
		}
	});

	it("lateSubscribe: what comes between SUBACK and the subscription is missed", async () => {
		const change = () =>
			at.device.saveAttributes("SHARED_SCOPE", new Map([["a", { type: "LONG", text: "1" }]]));
		fault("lateSubscribe", 50);
		const subscriptions = [{ topic: "v1/devices/me/attributes", qos: 1 as const }];
		wire.send({ cmd: "subscribe", messageId: 1, subscriptions });
		deepEqual(await wire.came(), ["suback 1"]);
		change();
		deepEqual(await wire.came(), []);
		at.clock.advance(50);
		change();
		deepEqual(await wire.came(), ["publish 1"]);
	});

	it("lists every fault with what it does, and by REST what is armed; null and false clear", async () => {
		fault("delay", 50);
		const { body } = await at.rest.send("GET", "/api/standin/faults");
		const { faults, armed } = body as { faults: { name: string; what: string }[]; armed: object };
		deepEqual(armed, { d: { delay: 50 } });
		for (const { name, what } of faults) ok(what.length > 20, name);
		equal(new Set(faults.map(({ name }) => name)).size, faults.length);
		const cleared = await at.rest.send("POST", "/api/standin/faults", { device: "d", delay: null });
		deepEqual(cleared.body, {});
		fault("corrupt");
		at.server.core.faults.clear(at.device);
		deepEqual(at.device.faults.all(), {});
	});

	it("refuses what is no fault, no value of it or has nothing to strike", () => {
		throws(() => fault("sulk"), "expected one of close");
		throws(() => fault("delay", -1), "expected a whole number from 0 to");
		throws(() => fault("delay", true), "got true");
		throws(() => fault("halfOpen", 1), "expected true or false, got 1");
		throws(() => at.server.core.faults.set("delay", 1), "expected a device");
		wire.onGone();
		throws(() => fault("close"), "expected a connected device");
	});
});
