import "../../setup.ts";
import type { JSONObject } from "host/contract";
import TBClient, { type TBClientOptions } from "tbclient";
import type { TBError } from "tbclient/errors";
import { deepEqual, equal, includes, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";

let log: string[];
let client: TBClient;
const base = { io: FakeMQTT, dns: { io: null }, socket: { io: null } };

function make(options: Partial<TBClientOptions> = {}): TBClient {
	client = new TBClient({
		...base,
		host: "server",
		token: "A1",
		random: () => 0.5,
		onConnected: () => log.push("connected"),
		onDisconnected: (error) => log.push(`disconnected ${error}`),
		onError: (error) => log.push(`error ${error}`),
		onAttributes: (values, deleted) => log.push(`attributes ${JSON.stringify(values)} ${deleted}`),
		onFirmwareError: (text) => log.push(`firmware error ${text}`),
		...options,
	});
	return client;
}

/** A client that is connected and subscribed. */
function connect(options: Partial<TBClientOptions> = {}): FakeMQTT {
	make(options);
	clock.advance(0);
	FakeMQTT.last.accept();
	FakeMQTT.last.grant();
	log = [];
	return FakeMQTT.last;
}

const note = (name: string) => (error: TBError | null) => log.push(`${name} ${error?.code ?? "done"}`);

describe("TBClient", () => {
	beforeEach(() => {
		clock.reset();
		FakeMQTT.forget();
		log = [];
	});

	describe("connection", () => {
		it("connects in a later turn, with the token as user name and keep-alive on", () => {
			make();
			equal(FakeMQTT.made.length, 0);
			clock.advance(0);
			const { options } = FakeMQTT.last;
			deepEqual([options.user, options.keepAlive, options.port], ["A1", 30_000, 1883]);
		});
		it("refuses a keep-alive of 0 and above 600 s", () => {
			for (const keepAlive of [0, -1, 600_001, Number.NaN]) throws(() => make({ keepAlive }), "keepAlive");
			throws(() => make({ host: "" }), "host");
			throws(() => make({ token: 1 as unknown as string }), "token");
		});
		it("subscribes after every CONNACK, then is connected", () => {
			make();
			for (let i = 1; i <= 3; i++) {
				clock.advance(60_000);
				FakeMQTT.last.accept();
				equal(FakeMQTT.last.written[0]?.items?.length, 5);
				equal(log.filter((line) => line === "connected").length, i);
				ok(client.connected);
				FakeMQTT.last.drop();
				ok(!client.connected);
			}
		});
		it("names a refused filter", () => {
			connect();
			FakeMQTT.last.drop();
			clock.advance(2000);
			FakeMQTT.last.accept();
			FakeMQTT.last.control({ operation: FakeMQTT.SUBACK, id: 999, payload: [0x80] });
			FakeMQTT.last.grant([1, 1, 0x80, 0, 0]);
			includes(log.join(), "TB_SUBSCRIBE: subscribe v1/devices/me/rpc/request/+");
		});
		it("waits long after a refusal of the credentials, names code and cure, and not the token", () => {
			for (const code of [1, 2, 4, 5, 77]) {
				FakeMQTT.forget();
				make({ token: "SECRET" });
				clock.advance(0);
				FakeMQTT.last.accept(code);
				includes(log.join(), `TB_REFUSED: connect: expected CONNACK 0, got ${code}`);
				ok(!log.join().includes("SECRET"));
				clock.advance(29_999);
				equal(FakeMQTT.made.length, 1);
				clock.advance(30_001);
				equal(FakeMQTT.made.length, 2);
				equal(client.stats.refused, 1);
				client.close();
			}
		});
		it("tries soon again when the server is unavailable", () => {
			make();
			clock.advance(0);
			FakeMQTT.last.accept(3);
			clock.advance(1000);
			equal(FakeMQTT.made.length, 2);
		});
		it("gives up on a connection without CONNACK after 30 s", () => {
			make();
			clock.advance(30_000);
			includes(log.join(), "TB_TIMEOUT: connect to server:1883");
			ok(FakeMQTT.last.closed);
			clock.advance(1000);
			equal(FakeMQTT.made.length, 2);
		});
		it("takes a constructor that throws for a failed attempt", () => {
			FakeMQTT.broken = new Error("no memory");
			make();
			clock.advance(0);
			includes(log.join(), "TB_LOST: connect to server:1883: no memory");
		});
		it("does not take a connection that dies within seconds for a success", () => {
			make();
			const waits: number[] = [];
			for (let i = 0; i < 5; i++) {
				const { length } = FakeMQTT.made;
				let wait = 0;
				for (; FakeMQTT.made.length === length; wait += 100) clock.advance(100);
				waits.push(wait);
				FakeMQTT.last.accept();
				FakeMQTT.last.drop();
			}
			deepEqual(waits.slice(1), [500, 1000, 2000, 4000]);
		});
		it("forgets the back-off after a connection that lasted", () => {
			make();
			clock.advance(0);
			for (let i = 0; i < 4; i++) {
				FakeMQTT.last.drop();
				while (FakeMQTT.last.closed) clock.advance(100);
			}
			FakeMQTT.last.accept();
			FakeMQTT.last.grant();
			clock.advance(10_000);
			FakeMQTT.last.drop();
			const { length } = FakeMQTT.made;
			clock.advance(500);
			equal(FakeMQTT.made.length, length + 1);
		});
		it("ignores what an earlier connection still says", () => {
			const old = connect();
			old.drop();
			old.accept();
			old.ack(1);
			ok(!client.connected);
		});
	});

	describe("publishing", () => {
		it("calls back on PUBACK, not from inside the call", () => {
			const mqtt = connect();
			client.sendTelemetry({ t: 1 }, note("a"));
			client.sendAttributes({ b: 2 });
			deepEqual(log, []);
			const [first, second] = mqtt.published;
			deepEqual([first?.topic, first?.text, first?.QoS], ["v1/devices/me/telemetry", '{"t":1}', 1]);
			equal(second?.topic, "v1/devices/me/attributes");
			mqtt.ack(first?.id);
			mqtt.ack(first?.id);
			mqtt.ack(second?.id);
			deepEqual(log, ["a done"]);
			equal(client.stats.acknowledged, 2);
		});
		it("throws for what the caller got wrong", () => {
			make();
			throws(() => client.sendTelemetry([]), "empty list");
			throws(() => client.sendTelemetry(null as unknown as JSONObject), "null");
			throws(() => client.sendTelemetry(1 as unknown as JSONObject), "number");
			throws(() => client.sendAttributes([] as unknown as JSONObject), "list");
			client.close();
			throws(() => client.sendTelemetry({}), "closed");
		});
		it("keeps messages while offline, at most 16, and says so in a later turn", () => {
			make();
			for (let i = 0; i < 17; i++) client.sendTelemetry({ i }, note(String(i)));
			deepEqual(log, []);
			equal(client.stats.dropped, 1);
			clock.advance(0);
			deepEqual(log, ["16 TB_OUTBOX_FULL"]);
			FakeMQTT.last.accept();
			equal(FakeMQTT.last.published.length, 4);
			for (let i = 0; i < 16; i++) FakeMQTT.last.ack(FakeMQTT.last.published[i]?.id);
			equal(client.stats.acknowledged, 16);
		});
		it("refuses what the server would end the connection for, and what exceeds the outbox", () => {
			make();
			client.sendTelemetry({ s: "x".repeat(66_000) }, note("a"));
			client.sendTelemetry({ s: "x".repeat(9_000) }, note("b"));
			clock.advance(0);
			deepEqual(log, ["a TB_TOO_LARGE", "b TB_OUTBOX_FULL"]);
		});
		it("waits for room after an overflow", () => {
			const mqtt = connect();
			mqtt.room = 10;
			client.sendTelemetry({ t: 1 });
			equal(mqtt.published.length, 0);
			mqtt.writable(1536);
			equal(mqtt.published.length, 1);
		});
		it("sends a large message in pieces through a small window, and nothing between", () => {
			const mqtt = connect();
			const values = { s: "x".repeat(5000) };
			mqtt.room = 1536;
			client.sendTelemetry(values);
			client.sendTelemetry({ t: 1 });
			equal(client.requestFirmware(1, 0, 4096), false);
			for (let i = 0; i < 10; i++) mqtt.writable(1536);
			equal(mqtt.published[0]?.text, JSON.stringify(values));
			equal(mqtt.published[1]?.text, '{"t":1}');
		});
		it("sends again after a loss, marked as duplicate, under the same id", () => {
			const mqtt = connect();
			client.sendTelemetry({ t: 1 }, note("a"));
			client.sendTelemetry({ t: 2 }, note("b"));
			const { id } = mqtt.published[0] ?? {};
			mqtt.drop();
			clock.advance(1000);
			FakeMQTT.last.accept();
			const [again] = FakeMQTT.last.published;
			deepEqual([again?.id, again?.duplicate, again?.text], [id, true, '{"t":1}']);
			equal(FakeMQTT.last.published.length, 1);
			FakeMQTT.last.ack(id);
			equal(FakeMQTT.last.published.length, 2);
			equal(client.stats.resent, 2);
		});
		it("ends a connection that does not acknowledge in 20 s", () => {
			const mqtt = connect();
			client.sendTelemetry({ t: 1 });
			clock.advance(19_999);
			ok(client.connected);
			clock.advance(1);
			ok(!client.connected && mqtt.closed);
			includes(log.join(), "TB_TIMEOUT: expected PUBACK");
		});
		it("ends a connection without SUBACK", () => {
			make();
			clock.advance(0);
			FakeMQTT.last.accept();
			clock.advance(20_000);
			includes(log.join(), "expected SUBACK");
		});
		it("gives up a message that was alone in flight when the connection ended twice", () => {
			connect();
			client.sendTelemetry({ bad: 1 }, note("bad"));
			for (let i = 0; i < 2; i++) {
				FakeMQTT.last.drop();
				clock.advance(60_000);
				FakeMQTT.last.accept();
				FakeMQTT.last.grant();
			}
			includes(log.join(), "bad TB_QUARANTINED");
			equal(FakeMQTT.last.published.length, 0);
		});
		it("wraps identifiers at 65535 and skips those in flight", () => {
			const mqtt = connect();
			client.sendTelemetry({ stays: 1 });
			const kept = mqtt.published[0]?.id;
			mqtt.written = [];
			const seen = new Set<number>();
			for (let i = 0; i < 65_540; i++) {
				client.sendTelemetry({});
				const id = mqtt.written.pop()?.id ?? 0;
				ok(id >= 1 && id <= 65535 && id !== kept);
				seen.add(id);
				mqtt.room = 100_000;
				mqtt.ack(id);
			}
			equal(seen.size, 65534);
		});
		it("takes a write that fails for a lost connection, in a later turn", () => {
			const mqtt = connect();
			mqtt.failure = new Error("broken pipe");
			client.sendTelemetry({ t: 1 });
			deepEqual(log, []);
			equal(client.requestFirmware(1, 0, 10), false);
			clock.advance(0);
			includes(log.join(), "TB_LOST: write: broken pipe");
		});
	});

	describe("attributes", () => {
		it("tells pushed values, and deleted keys apart", () => {
			const mqtt = connect();
			mqtt.deliver("v1/devices/me/attributes", '{"a":1}');
			mqtt.deliver("v1/devices/me/attributes", '{"deleted":["k",1]}');
			mqtt.deliver("v1/devices/me/attributes", '{"deleted":true}');
			deepEqual(log, ['attributes {"a":1} ', "attributes {} k", 'attributes {"deleted":true} ']);
		});
		it("puts a message together at every split", () => {
			const mqtt = connect();
			const text = '{"a":"é"}';
			for (let i = 1; i < 10; i++) mqtt.deliver("v1/devices/me/attributes", text, i);
			equal(log.length, 9);
			for (const line of log) equal(line, `attributes ${text} `);
		});
		it("asks by name and gets what there is", () => {
			const mqtt = connect();
			let answer: unknown;
			client.requestAttributes({ client: ["a"], shared: ["b", "c"] }, (_, values) => {
				answer = values;
			});
			const [request] = mqtt.published;
			equal(request?.topic, "v1/devices/me/attributes/request/1");
			equal(request?.text, '{"clientKeys":"a","sharedKeys":"b,c"}');
			mqtt.deliver("v1/devices/me/attributes/response/1", '{"shared":{"b":1}}');
			deepEqual(answer, { shared: { b: 1 } });
			mqtt.deliver("v1/devices/me/attributes/response/1", '{"client":{}}');
			throws(() => client.requestAttributes({ client: ["a,b"] }, () => {}), "comma");
		});
		it("settles requests on timeout, on loss, while offline and without room", () => {
			const mqtt = connect({ requestTimeout: 5000 });
			client.requestAttributes({}, note("a"));
			clock.advance(1000);
			client.requestAttributes({}, note("b"));
			for (const { id } of [...mqtt.published]) mqtt.ack(id);
			clock.advance(4000);
			deepEqual(log, ["a TB_TIMEOUT"]);
			clock.advance(1000);
			client.requestAttributes({}, note("c"));
			mqtt.drop();
			client.requestAttributes({}, note("d"));
			clock.advance(0);
			deepEqual([log[1], log[2], log[4]], ["b TB_TIMEOUT", "c TB_DISCONNECTED", "d TB_DISCONNECTED"]);
			log = [];
			connect({ outbox: { messages: 0 } });
			client.requestAttributes({}, note("e"));
			clock.advance(0);
			deepEqual(log, ["e TB_OUTBOX_FULL"]);
		});
	});

	describe("malformed input", () => {
		const topics = ["attributes", "attributes/response/1", "rpc/request/0"];
		for (const topic of topics)
			it(`is reported for ${topic}, and the connection stays`, () => {
				const mqtt = connect();
				const bad = ["{", "[]", "null", "1", '"x"', "", new Uint8Array([0xff, 0xfe])];
				for (const payload of bad) mqtt.deliver(`v1/devices/me/${topic}`, payload);
				equal(client.stats.malformed, bad.length);
				for (const line of log) includes(line, `error TB_MALFORMED: v1/devices/me/${topic}`);
				ok(client.connected);
			});
		it("of a scope or a method is reported too", () => {
			const mqtt = connect();
			mqtt.deliver("v1/devices/me/attributes/response/1", '{"client":[]}');
			mqtt.deliver("v1/devices/me/rpc/request/1", '{"method":1}');
			equal(client.stats.malformed, 2);
		});
		it("above the limit is dropped, and the next message is read", () => {
			const mqtt = connect({ maxMessage: 10 });
			mqtt.deliver("v1/devices/me/attributes", '{"a":"0123456789"}', 3, 5);
			mqtt.deliver("v1/devices/me/attributes", '{"a":1}');
			includes(log[0] ?? "", "TB_TOO_LARGE: v1/devices/me/attributes: expected at most 10 bytes, got 18");
			equal(log[1], 'attributes {"a":1} ');
		});
		it("on an unknown topic is read and forgotten", () => {
			const mqtt = connect();
			for (const topic of [
				"x",
				"v2/fw/response/1",
				"v2/fw/response/x/chunk/1",
				"v2/fw/response/1/chunk/",
				"v1/devices/me/rpc/request/99999999999",
				"v1/devices/me/rpc/request/2147483648",
				"v1/devices/me/attributes/response/-1",
			]) {
				mqtt.deliver(topic, "abc", 1);
				mqtt.empty(topic, 0, 0);
			}
			deepEqual(log, []);
		});
		it("cannot reach a prototype", () => {
			const mqtt = connect();
			mqtt.deliver("v1/devices/me/attributes", '{"__proto__":{"polluted":true}}');
			equal(({} as { polluted?: boolean }).polluted, undefined);
		});
	});

	describe("RPC", () => {
		it("takes id 0, answers, and keeps the answer until it is acknowledged", () => {
			const mqtt = connect({ onRPC: ({ id, method, params }) => client.respond(id, { method, params }) });
			mqtt.deliver("v1/devices/me/rpc/request/0", '{"method":"ping"}');
			const [answer] = mqtt.published;
			equal(answer?.topic, "v1/devices/me/rpc/response/0");
			equal(answer?.text, '{"method":"ping","params":null}');
			client.respond(1, undefined as unknown as null);
			equal(mqtt.published[1]?.text, "null");
		});
		it("answers with the error that a handler threw, also without a handler", () => {
			const mqtt = connect({
				onRPC() {
					throw new Error("no lamp");
				},
			});
			mqtt.deliver("v1/devices/me/rpc/request/4", '{"method":"x","params":1}');
			equal(mqtt.published[0]?.text, '{"error":"no lamp"}');
			const other = connect();
			other.deliver("v1/devices/me/rpc/request/4", '{"method":"x","params":1}');
			includes(other.published[0]?.text ?? "", "no handler");
		});
		it("delivers an unanswered call once, another one under the same id again", () => {
			const calls: string[] = [];
			const mqtt = connect({ onRPC: ({ method }) => calls.push(method) });
			for (const method of ["a", "a", "b"])
				mqtt.deliver("v1/devices/me/rpc/request/1", JSON.stringify({ method }));
			deepEqual(calls, ["a", "b"]);
			equal(client.stats.duplicates, 1);
			for (let id = 2; id < 12; id++) mqtt.deliver(`v1/devices/me/rpc/request/${id}`, '{"method":"c"}');
			mqtt.deliver("v1/devices/me/rpc/request/1", '{"method":"b"}');
			equal(calls.length, 13);
		});
	});

	describe("firmware", () => {
		it("asks with the size as text, at QoS 0, and only while connected", () => {
			make();
			equal(client.requestFirmware(1, 2, 4096), false);
			const mqtt = connect();
			ok(client.requestFirmware(1, 2, 4096));
			const [request] = mqtt.published;
			deepEqual([request?.topic, request?.text, request?.QoS], ["v2/fw/request/1/chunk/2", "4096", 0]);
		});
		it("hands fragments on at every split, and reads what is left", () => {
			const bytes = new Uint8Array([1, 2, 3, 4, 5, 6]);
			const got: number[] = [];
			const mqtt = connect({
				onFirmware(count, { offset, byteLength, index }) {
					const view = new Uint8Array(2);
					equal(byteLength, 6);
					equal(index, 7);
					const length = this.read(view);
					equal(length, Math.min(count, 2));
					for (let i = 0; i < length; i++) got[offset + i] = view[i] ?? 0;
				},
			});
			for (let i = 1; i < 6; i++) mqtt.deliver("v2/fw/response/3/chunk/7", bytes, i);
			deepEqual(got, [...bytes]);
			equal(mqtt.unread, 0);
			equal(client.read(new Uint8Array(4)), 0);
		});
		it("reports an empty chunk and acknowledges it at QoS 1", () => {
			const chunks: unknown[] = [];
			const mqtt = connect({ onFirmware: (count, chunk) => chunks.push([count, chunk]) });
			mqtt.empty("v2/fw/response/3/chunk/7", 1, 55);
			deepEqual(chunks, [[0, { request: 3, index: 7, offset: 0, byteLength: 0, more: false }]]);
			equal(mqtt.of(FakeMQTT.PUBACK)[0]?.id, 55);
		});
		it("hands the server's reason on", () => {
			connect().deliver("v2/fw/error", "NOT_FOUND");
			deepEqual(log, ["firmware error NOT_FOUND"]);
		});
	});

	describe("callbacks", () => {
		it("that throw are reported, and nothing escapes", () => {
			const mqtt = connect({
				onAttributes() {
					throw new Error("oops");
				},
			});
			mqtt.deliver("v1/devices/me/attributes", "{}");
			deepEqual(log, ["error TB_CALLBACK: onAttributes threw: oops"]);
		});
		it("may throw in onError, too", () => {
			const mqtt = connect({
				onError() {
					throw new Error("oops");
				},
			});
			mqtt.deliver("v1/devices/me/attributes", "{");
			equal(client.stats.callbackErrors, 1);
			ok(client.connected);
		});
	});

	describe("close()", () => {
		const events: { [name: string]: (mqtt: FakeMQTT) => void } = {
			onConnected: (mqtt) => mqtt.accept(),
			onDisconnected: (mqtt) => mqtt.drop(),
			onAttributes: (mqtt) => mqtt.deliver("v1/devices/me/attributes", "{}", 1),
			onRPC: (mqtt) => mqtt.deliver("v1/devices/me/rpc/request/1", '{"method":"x"}'),
			onFirmware: (mqtt) => mqtt.deliver("v2/fw/response/1/chunk/1", "abc"),
			onFirmwareError: (mqtt) => mqtt.deliver("v2/fw/error", "x"),
			onError: (mqtt) => mqtt.deliver("v1/devices/me/attributes", "{"),
		};
		for (const [name, event] of Object.entries(events))
			it(`is legal in ${name}, and nothing fires after it`, () => {
				let closed = 0;
				make({
					[name]() {
						closed += 1;
						client.close();
					},
				});
				clock.advance(0);
				const mqtt = FakeMQTT.last;
				if (name !== "onConnected") mqtt.accept();
				log = [];
				event(mqtt);
				mqtt.drop();
				clock.advance(100_000);
				equal(closed, 1);
				deepEqual(log, []);
				ok(mqtt.closed);
				equal(clock.armed, 0);
			});
		it("is legal at once and twice, leaves no timer and calls nobody", () => {
			make();
			client.sendTelemetry({ s: "x".repeat(9000) }, note("a"));
			client.close();
			client.close();
			equal(clock.armed, 0);
			connect();
			client.sendTelemetry({}, () => client.close());
			client.requestAttributes({}, note("b"));
			FakeMQTT.last.ack(FakeMQTT.last.published[0]?.id);
			clock.advance(100_000);
			deepEqual(log, []);
			equal(clock.armed, 0);
		});
	});

	describe("at random", () => {
		for (const seed of [1, 2, 3, (Math.random() * 2 ** 31) | 0])
			it("loses no accepted message, whatever drops and overflows", () => {
				trace(`seed ${seed}\n`);
				wander(seed);
			});
	});
});

/** mulberry32. */
function generator(seed: number): (limit: number) => number {
	let state = seed;
	return (limit) => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
	};
}

/** Every message ends in exactly one completion, and "done" only for what the server has acknowledged. */
function wander(seed: number): void {
	const random = generator(seed);
	const results: (string | undefined)[] = [];
	const taken = new Set<string>();
	make();
	const serve = (mqtt: FakeMQTT) => {
		for (const packet of mqtt.written.splice(0)) {
			if (packet.operation === FakeMQTT.SUBSCRIBE)
				mqtt.control({ operation: FakeMQTT.SUBACK, id: packet.id ?? 0, payload: [1, 1, 1, 0, 0] });
			else if (packet.QoS && (packet.byteLength ?? 0) <= packet.text.length) {
				taken.add(packet.text);
				mqtt.ack(packet.id);
			} else if (packet.QoS) mqtt.written.push(packet);
		}
	};
	for (let step = 0; step < 300; step++) {
		const n = results.length;
		results.push(undefined);
		client.sendTelemetry({ n, pad: "x".repeat(random(8) ? 5 : 2000) }, (error) => {
			equal(results[n], undefined);
			results[n] = error?.code ?? "done";
		});
		clock.advance(random(3000));
		const mqtt = FakeMQTT.last;
		if (mqtt.closed) continue;
		if (!mqtt.written.length && !client.connected) mqtt.accept(random(4) ? 0 : 3);
		else if (!random(6)) mqtt.drop();
		else if (random(3)) serve(mqtt);
		if (!mqtt.closed) mqtt.writable(random(2000));
	}
	for (let i = 0; i < 200; i++) {
		clock.advance(1000);
		const mqtt = FakeMQTT.last;
		if (mqtt.closed) continue;
		if (!client.connected) mqtt.accept();
		mqtt.writable(1536);
		serve(mqtt);
	}
	for (const [n, result] of results.entries()) {
		ok(result, `message ${n}`);
		const text = JSON.stringify({ n }).slice(0, -1);
		if (result === "done")
			ok(
				[...taken].some((one) => one.startsWith(`${text},`)),
				`message ${n}`,
			);
	}
	client.close();
}
