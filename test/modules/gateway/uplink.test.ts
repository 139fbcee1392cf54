import { deepEqual, equal, includes, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { ack, begin, client, gateway, live, log, mqtt, note, pending, serve, told } from "./rig.ts";

const bytes = (text: string): number => ArrayBuffer.fromString(text).byteLength;

describe("TBGateway: telemetry and attributes", () => {
	beforeEach(begin);

	it("of many children go out in one message, and every reading is completed once the server has it", () => {
		live(["A", "B", "C"]);
		for (const name of ["A", "B", "C"]) gateway.sendTelemetry(name, { t: 1 }, note(name));
		gateway.sendTelemetry("A", [{ t: 2 }, { ts: 5, values: { t: 3 } }], note("list"));
		deepEqual(serve(), [
			'telemetry {"A":[{"t":1},{"t":2},{"ts":5,"values":{"t":3}}],"B":[{"t":1}],"C":[{"t":1}]}',
		]);
		deepEqual(log, []);
		clock.advance(1000);
		deepEqual(log, ["A done", "list done", "B done", "C done"]);
		deepEqual([gateway.stats.messages, gateway.stats.entries, gateway.stats.values], [4, 6, 5]);
		deepEqual(gateway.device("A"), { connected: true, messages: 0, bytes: 0, dropped: 0 });
	});
	it("attributes are packed too, one object for each child and message", () => {
		live(["A", "B"]);
		gateway.sendAttributes("A", { a: 1 }, note("a"));
		gateway.sendAttributes("A", { a: 2 });
		gateway.sendAttributes("B", { b: 1 });
		gateway.claim("A", { secretKey: "s", durationMs: 1000 }, note("claim"));
		gateway.claim("B");
		deepEqual(serve(), [
			'attributes {"A":{"a":1},"B":{"b":1}}',
			'attributes {"A":{"a":2}}',
			'claim {"B":{},"A":{"secretKey":"s","durationMs":1000}}',
		]);
		clock.advance(1000);
		deepEqual(log, ["a done", "claim done"]);
		throws(() => gateway.claim("A", { durationMs: 0 }), "durationMs");
	});
	it("fill messages up to the limit and never beyond", () => {
		live(["A", "B"], { batch: 1000, queue: { messages: 100, bytes: 10_000, total: 20_000 } });
		for (let i = 0; i < 40; i++)
			for (const name of ["A", "B"])
				gateway.sendTelemetry(name, { ts: 1_700_000_000_000 + i, values: { v: "x".repeat(i) } });
		const seen = serve();
		for (const text of seen) ok(bytes(text) - "telemetry ".length <= 1000, `${bytes(text)}`);
		ok(seen.length < 10, `${seen.length} messages`);
		const order = seen
			.flatMap((text) => JSON.parse(text.slice(10)).A ?? [])
			.map(({ ts }) => ts - 1_700_000_000_000);
		deepEqual(order, [...Array(40).keys()]);
	});
	it("are parted where one call is too large, and refused where one value is", () => {
		live(["A"], { batch: 400, queue: { bytes: 4000 } });
		const values = Object.fromEntries([..."abcdef"].map((key) => [key, key.repeat(90)]));
		gateway.sendTelemetry("A", values, note("parted"));
		const seen = serve();
		clock.advance(1000);
		ok(seen.length > 1, "several");
		deepEqual(Object.assign({}, ...seen.flatMap((text) => JSON.parse(text.slice(10)).A)), values);
		gateway.sendTelemetry("A", { a: "x".repeat(400) }, told("large"));
		gateway.sendAttributes("A", { a: "x".repeat(400) }, note("large"));
		clock.advance(1000);
		deepEqual(log.slice(1), [
			'large TB_TOO_LARGE: sendTelemetry of "A": expected at most 400 bytes, got a larger value',
			"large TB_TOO_LARGE",
		]);
		equal(gateway.stats.droppedTooLarge, 2);
	});
	it("get the time of their call, each of its own for a child", () => {
		let now: number | undefined = 1_700_000_000_000;
		live(["A", "B"], { clock: () => now });
		gateway.sendTelemetry("A", { t: 1 });
		gateway.sendTelemetry("A", { t: 2 });
		gateway.sendTelemetry("B", { t: 1 });
		deepEqual(serve(), [
			'telemetry {"A":[{"ts":1700000000000,"values":{"t":1}},{"ts":1700000000001,"values":{"t":2}}],"B":[{"ts":1700000000000,"values":{"t":1}}]}',
		]);
		clock.advance(1000);
		mqtt().drop();
		now = undefined;
		gateway.sendTelemetry("A", { t: 3 });
		clock.advance(5000);
		now = 1_700_000_100_000;
		const again = mqtt();
		again.accept();
		again.grant();
		const text = serve().pop() ?? "";
		equal(text, 'telemetry {"A":[{"ts":1700000095000,"values":{"t":3}}]}');
	});
	it("have none where the clock throws or tells no number", () => {
		let now = (): number => {
			throw new Error("no clock");
		};
		live(["A"], { clock: () => now() });
		gateway.sendTelemetry("A", { t: 1 }, note("t"));
		deepEqual(serve(), ['telemetry {"A":[{"t":1}]}']);
		now = () => Number.NaN;
		gateway.sendTelemetry("A", { t: 2 });
		deepEqual(serve(), ['telemetry {"A":[{"t":2}]}']);
		now = () => 2000.5;
		gateway.sendTelemetry("A", { t: 3 });
		deepEqual(serve(), ['telemetry {"A":[{"ts":2000,"values":{"t":3}}]}']);
	});
	it("say how long they took, where the time is known", () => {
		let now: number | undefined = 2000;
		live(["A"], { clock: () => now });
		const metadata = { connector: 'm"bus', receivedTs: 1500 };
		gateway.sendTelemetry("A", { t: 1 }, { metadata });
		equal(
			serve()[0],
			'telemetry {"A":[{"ts":2000,"values":{"t":1},"metadata":{"connector":"m\\"bus","receivedTs":1500,"publishedTs":2000}}]}',
		);
		now = undefined;
		gateway.sendTelemetry("A", { t: 1 }, { metadata });
		equal(serve()[0], 'telemetry {"A":[{"t":1}]}');
		for (const wrong of [
			{ connector: "", receivedTs: 1 },
			{ connector: "a", receivedTs: -1 },
			{ connector: 1 as never, receivedTs: 1 },
		])
			throws(() => gateway.sendTelemetry("A", { t: 1 }, { metadata: wrong }), "metadata");
		throws(() => gateway.sendTelemetry("A", { metadata: 1 }), "another name");
		throws(() => gateway.sendTelemetry("A", [{ metadata: 1 }]), "another name");
		gateway.sendTelemetry("A", { ts: 1, values: { metadata: 1 } });
		equal(serve()[0], 'telemetry {"A":[{"ts":1,"values":{"metadata":1}}]}');
	});
	it("leave out what the server cannot keep; nothing at all is sent where nothing is left", () => {
		live();
		gateway.sendTelemetry("A", { t: Number.NaN, u: 1 });
		gateway.sendAttributes("A", { t: Number.POSITIVE_INFINITY }, note("nothing"));
		deepEqual(serve(), ['telemetry {"A":[{"u":1}]}']);
		deepEqual(log, [
			'gateway TB_VALUE: sendTelemetry of "A": expected numbers that the server can store, got t: NaN',
			'gateway TB_VALUE: sendAttributes of "A": expected numbers that the server can store, got t: Infinity',
			"nothing done",
		]);
		throws(() => gateway.sendTelemetry("A", []), "empty list");
		throws(() => gateway.sendAttributes("A", [] as never), "object");
	});
	it("for a child that the table does not know are refused", () => {
		live();
		gateway.sendTelemetry("B", { t: 1 }, told("t"));
		gateway.sendTelemetry("B", { t: 1 });
		gateway.sendAttributes("B", { t: 1 }, note("a"));
		gateway.claim("B", {}, note("c"));
		clock.advance(0);
		deepEqual(log, [
			't TB_CHILD: sendTelemetry "B": expected one of the gateway\'s children',
			"a TB_CHILD",
			"c TB_CHILD",
		]);
	});
	it("go beside the gateway's own, which wait for none of them", () => {
		live(["A"], { batch: 256, queue: { messages: 100, bytes: 9000 } });
		for (let i = 0; i < 40; i++) gateway.sendTelemetry("A", { v: "x".repeat(150) });
		clock.advance(0);
		equal(pending().length, 3);
		client.sendTelemetry({ own: 1 }, note("own"));
		const own = mqtt().published.filter(({ topic }) => topic === "v1/devices/me/telemetry");
		deepEqual(
			own.map(({ text }) => text),
			['{"own":1}'],
		);
		mqtt().ack(own[0]?.id);
		deepEqual(log, ["own done"]);
	});
	it("what a completion throws harms nobody", () => {
		live(["A", "B"]);
		gateway.sendTelemetry("A", { t: 1 }, () => {
			throw new Error("oops");
		});
		gateway.sendTelemetry("B", { t: 1 }, note("b"));
		serve();
		clock.advance(1000);
		deepEqual(log, ["gateway TB_CALLBACK: completion callback threw: oops", "b done"]);
		includes(String(gateway.stats.callbackErrors), "1");
		ack({ text: "", id: 9999 });
	});
});
