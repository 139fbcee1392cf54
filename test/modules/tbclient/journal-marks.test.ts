// What a journal writes beside messages, and what its owner does about its errors: neither may fill flash or end connections.
import "../../setup.ts";
import type { Log } from "host/contract";
import { SectorLog } from "log/sectors";
import { Journal, type JournalOptions } from "tbclient/journal";
import { deepEqual, equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { FakeRegion } from "../../fakes/region.ts";
import { begin, client, log, make, note } from "./rig.ts";

const wall = { known: false };
const now = () => (wall.known ? 1_700_000_000_000 + clock.now : undefined);

/** A connected client whose journal is on that log. */
function start(sectors: Log, options: Partial<JournalOptions> = {}): FakeMQTT {
	begin();
	const backlog = new Journal({ log: sectors, bootId: 1, clock: now, ...options });
	make({ backlog, clock: now });
	clock.advance(0);
	FakeMQTT.last.accept();
	FakeMQTT.last.grant();
	log.length = 0;
	return FakeMQTT.last;
}

const acknowledge = (mqtt: FakeMQTT) => mqtt.ack(mqtt.published[mqtt.published.length - 1]?.id);

/** More than fits into two sectors; each is acknowledged before the next. Returns what was not kept. */
function fill(mqtt: FakeMQTT): string[] {
	for (let n = 0; n < 30; n++) {
		client.sendTelemetry({ n, pad: "x".repeat(900) }, note(`${n}`));
		clock.advance(1);
		acknowledge(mqtt);
	}
	return log.filter((line) => !line.endsWith("done"));
}

describe("TBClient: journal, marks of the clock", () => {
	beforeEach(() => {
		wall.known = false;
	});

	it("hold their sector no longer than they are needed, however late the clock is set", () => {
		const mqtt = start(new SectorLog(new FakeRegion(2)));
		client.sendTelemetry({ early: 1 }, note("early"));
		clock.advance(11_000);
		acknowledge(mqtt);
		wall.known = true;
		deepEqual(fill(mqtt), []);
		equal(log[0], "early done");
	});
	it("of an earlier boot neither, when nothing else was left", () => {
		const region = new FakeRegion(2);
		const sectors = new SectorLog(region);
		const mark = '["time",0,1700000000000]\n';
		sectors.append(ArrayBuffer.fromString(mark));
		wall.known = true;
		const mqtt = start(new SectorLog(region));
		mqtt.writable();
		deepEqual(fill(mqtt), []);
	});
	it("wait for room, and take none from messages", () => {
		const sectors = new SectorLog(new FakeRegion(2));
		const mqtt = start(sectors);
		client.sendTelemetry({ early: 1 });
		while (sectors.append(new ArrayBuffer(64)));
		while (sectors.append(new ArrayBuffer(0)));
		wall.known = true;
		clock.advance(1000);
		acknowledge(mqtt);
		equal(mqtt.published[0]?.text.slice(0, 5), '{"ts"');
	});
	it("stay while what was sent before them is not acknowledged", () => {
		const region = new FakeRegion(2);
		start(new SectorLog(region));
		client.sendTelemetry({ early: 1 });
		wall.known = true;
		clock.advance(1000);
		client.sendTelemetry({ n: 1 });
		const left = new SectorLog(region);
		const records: string[] = [];
		for (let at = left.after(); at !== undefined; at = left.after(at))
			records.push(String.fromArrayBuffer(left.read(at) as ArrayBuffer).slice(0, 7));
		deepEqual(records, ['[1,1,"v', '["time"', '[1,1,"v']);
	});
});

describe("TBClient: journal, a record that flash has lost", () => {
	it("is told to its completion and counted, and the next one goes out", () => {
		const region = new FakeRegion(2);
		begin();
		make({ backlog: new Journal({ log: new SectorLog(region), bootId: 1 }) });
		for (const text of ["first", "lost", "last"]) client.publish("a", text, { callback: note(text) });
		const { bytes } = region;
		bytes[bytes.findIndex((byte, at) => byte === 0x6c && bytes[at + 1] === 0x6f)] = 0; // "lo"
		clock.advance(0);
		const mqtt = FakeMQTT.last;
		mqtt.accept();
		clock.advance(0);
		for (const { id } of mqtt.published) mqtt.ack(id);
		deepEqual(log, ["connected", "lost TB_STORE", "first done", "last done"]);
		equal(client.stats.dropped, 1);
	});
});

describe("TBClient: journal, its onError", () => {
	it("may throw: that costs no connection and no completion", () => {
		const inner = new SectorLog(new FakeRegion(2));
		const broken: Log = {
			maxRecord: inner.maxRecord,
			append: (record) => inner.append(record),
			after: (position) => inner.after(position),
			read: (position) => inner.read(position),
			remove() {
				throw new Error("flash");
			},
		};
		const told: string[] = [];
		const mqtt = start(broken, {
			onError(error) {
				told.push(error.code);
				throw new Error("application");
			},
		});
		client.sendTelemetry({ n: 0 }, note("a"));
		acknowledge(mqtt);
		clock.advance(0);
		deepEqual([...log, ...told], ["a done", "TB_STORE"]);
	});
});
