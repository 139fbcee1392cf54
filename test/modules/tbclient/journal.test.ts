import "../../setup.ts";
import { SectorLog } from "log/sectors";
import type { TBError } from "tbclient/errors";
import { Journal } from "tbclient/journal";
import { Memory } from "tbclient/memory";
import { bodyOf, makeMessage } from "tbclient/message";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { FakeRegion } from "../../fakes/region.ts";
import { begin, client, log, make, note } from "./rig.ts";

const texts = () => FakeMQTT.last.published.map(({ text }) => text);
const Epoch = 1_700_000_000_000;
const wall = { known: true };
const now = () => (wall.known ? Epoch + clock.now : undefined);

let region: FakeRegion;
let boot = 0;

/** The client as it is after a restart: what it had in memory is gone. */
function start(options: Parameters<typeof make>[0] = { clock: now }): Journal {
	begin();
	boot += 1;
	const onError = (error: TBError) => void log.push(`journal ${error}`);
	const journal = new Journal({ log: new SectorLog(region), bootId: boot, clock: now, onError });
	make({ backlog: journal, inFlight: 2, ...options });
	return journal;
}

function accept(): FakeMQTT {
	clock.advance(0);
	FakeMQTT.last.accept();
	return FakeMQTT.last;
}

/** Acknowledges whatever is sent until nothing more comes. */
function serve(mqtt: FakeMQTT): string[] {
	for (let i = 0; i < mqtt.published.length; i++) mqtt.ack(mqtt.published[i]?.id);
	return texts();
}

describe("TBClient: journal", () => {
	beforeEach(() => {
		region = new FakeRegion();
		wall.known = true;
	});

	it("keeps messages over restarts, and forgets what was acknowledged", () => {
		start({});
		client.sendTelemetry({ n: 1 });
		client.publish("a,b", "two");
		client.sendAttributes({ n: 3 });
		client.sendTelemetry({ n: 4 }, { QoS: 0 });
		client.close();
		equal(start({}).waiting, 4);
		const mqtt = accept();
		deepEqual(
			mqtt.published.map(({ topic, text }) => [topic, text]),
			[
				["v1/devices/me/telemetry", '{"n":1}'],
				["a,b", "two"],
			],
		);
		mqtt.ack(mqtt.published[0]?.id);
		client.close();
		start({});
		deepEqual(serve(accept()), ["two", '{"n":3}', '{"n":4}']);
		start();
		deepEqual(serve(accept()), []);
	});
	it("calls back as ever, while the chip lives, and is not bounded by memory", () => {
		const journal = start({ clock: now, outbox: { messages: 3 } });
		for (let i = 0; i < 20; i++) client.sendTelemetry({ i }, note(`${i}`));
		equal(journal.waiting, 20);
		const sent = serve(accept());
		equal(sent.length, 20);
		deepEqual(
			log.slice(1),
			Array.from({ length: 20 }, (_, i) => `${i} done`),
		);
		equal(journal.waiting, 0);
	});
	it("leaves in memory what is urgent", () => {
		const journal = start();
		client.publish("a", "urgent", { urgent: true, callback: note("urgent") });
		equal(journal.waiting, 0);
		deepEqual(serve(accept()), ["urgent"]);
		deepEqual(log, ["connected", "urgent done"]);
	});
	it("is sent in order, old before new, while connected too", () => {
		start();
		for (const n of [1, 2, 3]) client.sendTelemetry({ n });
		client.close();
		start();
		const mqtt = accept();
		client.sendTelemetry({ n: 4 });
		const sent = serve(mqtt);
		client.sendTelemetry({ n: 5 });
		deepEqual(
			[...sent, ...texts().slice(4)].map((text) => JSON.parse(text).values.n),
			[1, 2, 3, 4, 5],
		);
	});
	it("drops the oldest when flash is full, or refuses", () => {
		for (const drop of ["oldest", "refuse", "newest"] as const) {
			region = new FakeRegion(2);
			const journal = start({ clock: now, outbox: { drop } });
			for (let n = 0; n < 12; n++) client.sendTelemetry({ n, pad: "x".repeat(900) }, note(`${n}`));
			clock.advance(0);
			const first = drop === "oldest" ? 0 : 8;
			ok(log.length >= 4 && log.length === client.stats.dropped, log.join());
			equal(log[0], `${first} TB_OUTBOX_FULL`);
			equal(journal.waiting, 12 - log.length);
		}
	});
	it("drops nothing while what is in flight holds the oldest sector, and that first when the connection is lost", () => {
		region = new FakeRegion(2);
		start({ clock: now, outbox: { drop: "oldest", messages: 1 } });
		const mqtt = accept();
		const fill = (from: number, to: number) => {
			for (let n = from; n < to; n++) client.sendTelemetry({ n, pad: "x".repeat(900) }, note(`${n}`));
			clock.advance(0);
		};
		log.length = 0;
		fill(0, 9);
		deepEqual(log, ["8 TB_OUTBOX_FULL"]);
		mqtt.drop();
		log.length = 0;
		fill(9, 10);
		deepEqual(log, ["0 TB_OUTBOX_FULL", "1 TB_OUTBOX_FULL", "2 TB_OUTBOX_FULL", "3 TB_OUTBOX_FULL"]);
		client.respond(1, 1, note("answer"));
		client.respond(2, 1, note("no room"));
		clock.advance(0);
		deepEqual(log.slice(4), ["no room TB_OUTBOX_FULL"]);
	});
	it("parts by the size of a record, and refuses what is larger", () => {
		start();
		const large = Object.fromEntries([..."abcdef"].map((key) => [key, "x".repeat(1500)]));
		client.sendTelemetry(large, note("large"));
		client.sendTelemetry({ a: "x".repeat(4000) }, note("too large"));
		client.publish("a", "x".repeat(4000), { callback: note("publish") });
		const mqtt = accept();
		for (let i = 0; i < 20; i++) mqtt.writable(10_000);
		deepEqual(log.slice(0, 2), ["too large TB_TOO_LARGE", "publish TB_TOO_LARGE"]);
		for (let i = 0; i < 4; i++) mqtt.ack(mqtt.published[i]?.id);
		equal(texts().length, 4);
		includes(log.join(), "large done");
	});
	it("dates early readings of an earlier boot by its own clock, and counts those without", () => {
		wall.known = false;
		start();
		client.sendTelemetry({ never: 1 });
		client.close();
		start();
		client.sendTelemetry({ early: 1 });
		const expected = Epoch + clock.now;
		clock.advance(5000);
		wall.known = true;
		client.sendTelemetry({ later: 1 });
		client.close();
		clock.advance(100_000);
		start();
		const sent = serve(accept());
		deepEqual(sent.slice(0, 2), ['{"never":1}', `{"ts":${expected},"values":{"early":1}}`]);
		equal(JSON.parse(sent[2] ?? "").ts, expected + 5000);
		equal(client.stats.undated, 1);
		start();
		deepEqual(serve(accept()), []);
	});
	it("dates readings of this boot, also when power is lost before they are acknowledged", () => {
		wall.known = false;
		start();
		client.sendTelemetry({ a: 1 });
		client.sendTelemetry({ b: 1 });
		client.sendTelemetry({ c: 1 });
		const expected = Epoch + clock.now;
		clock.advance(3000);
		wall.known = true;
		accept();
		deepEqual(texts()[0], `{"ts":${expected},"values":{"a":1}}`);
		client.close();
		clock.advance(50_000);
		start();
		const dated = ["a", "b", "c"].map((key) => `{"ts":${expected},"values":{"${key}":1}}`);
		deepEqual(serve(accept()), dated);
		equal(client.stats.undated, 0);
	});
	it("remembers the clock of 16 boots", () => {
		region = new FakeRegion(16);
		for (let i = 0; i < 18; i++) {
			wall.known = false;
			start();
			client.sendTelemetry({ i });
			wall.known = true;
			client.sendTelemetry({ i });
			client.close();
		}
		start({ clock: now, inFlight: 99 });
		serve(accept());
		equal(client.stats.undated, 2);
	});
	it("keeps, like a backlog in memory, that rates do not count for a message", () => {
		const journal = () => new Journal({ log: new SectorLog(region), bootId: 1 });
		const first = journal();
		const memory = new Memory("t");
		for (const backlog of [first, memory])
			for (const [QoS, unmetered] of [
				[0, true],
				[1, false],
				[1, true],
			] as const)
				backlog.add(makeMessage("t", bodyOf("text"), { QoS, unmetered }));
		for (const backlog of [journal(), memory]) {
			const kept = [backlog.take(), backlog.take(), backlog.take()];
			deepEqual(
				kept.map((message) => [message?.QoS, message?.unmetered]),
				[
					[0, true],
					[1, false],
					[1, true],
				],
			);
		}
	});
	it("keeps payloads that are no text", () => {
		start();
		const bytes = Uint8Array.of(0x31, 10, 0x32).buffer;
		client.publish("a", bytes);
		client.close();
		start();
		deepEqual(serve(accept()), ["1\n2"]);
	});
	it("passes over what is damaged", () => {
		start();
		client.publish("a", "one");
		client.publish("a", "two");
		client.close();
		const { bytes } = region;
		bytes[bytes.findIndex((byte, at) => byte === 0x6f && bytes[at + 1] === 0x6e)] = 0; // "on"
		const sectors = new SectorLog(region);
		sectors.append(ArrayBuffer.fromString("no line"));
		sectors.append(ArrayBuffer.fromString("no JSON\n"));
		sectors.append(ArrayBuffer.fromString('[1,1,"a",5,0]\nno JSON'));
		sectors.append(ArrayBuffer.fromString('[1,0,"a"]\nthree'));
		const journal = start();
		equal(journal.waiting, 6);
		deepEqual(serve(accept()), ["two", "three"]);
		deepEqual([journal.damaged, journal.waiting], [4, 0]);
	});
	it("tells what flash refuses, and goes on", () => {
		start();
		region.failAt = region.operations + 1;
		region.failures = 9;
		client.sendTelemetry({ a: 1 }, note("a"));
		clock.advance(0);
		deepEqual(log, ["a TB_STORE"]);
		region.failAt = 0;
		client.sendTelemetry({ b: 1 }, note("b"));
		const mqtt = accept();
		region.failAt = region.operations + 1;
		mqtt.ack(mqtt.published[0]?.id);
		includes(log.join(), "journal TB_STORE: journal: region: ESP_ERR_FLASH_OP_FAIL,b done");
	});
	it("loses nothing that was accepted, wherever the power is cut", () => {
		const run = (): string[] => {
			const accepted: string[] = [];
			start();
			accept();
			for (let n = 0; n < 12; n++) {
				let failed = false;
				client.sendTelemetry({ n, pad: "x".repeat(n % 4 ? 10 : 800) }, (error) => {
					failed = !!error;
				});
				clock.advance(0);
				if (!failed) accepted.push(String(n));
				if (n % 3 === 2) FakeMQTT.last.ack(FakeMQTT.last.published[(n - 2) / 3]?.id);
			}
			return accepted;
		};
		run();
		const whole = region.operations;
		for (let cut = 1; cut <= whole; cut++) {
			region = new FakeRegion(4, cut);
			region.cutAt = cut;
			const accepted = run();
			const acknowledged = new Set(FakeMQTT.last.published.slice(0, 4).map(({ text }) => numberIn(text)));
			client.close();
			region.powerOn();
			start({ clock: now, inFlight: 99 });
			const found = serve(accept()).map(numberIn);
			const missing = accepted.filter((n) => !found.includes(n) && !acknowledged.has(n));
			deepEqual(missing, [], `cut ${cut}`);
			deepEqual(
				found,
				[...found].sort((a, b) => Number(a) - Number(b)),
				`cut ${cut}`,
			);
		}
	});
});

const numberIn = (text: string): string => String(JSON.parse(text).values.n);
