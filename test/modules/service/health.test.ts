import type { JSONObject, Link, System } from "host/contract";
import { Health, type HealthOptions } from "service/health";
import { Log } from "service/log";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";

describe("service: health", () => {
	let reports: JSONObject[];
	let log: Log;
	let health: Health;
	const system = { uptime: 61_500, resetReason: "POWERON", bootId: 7 } as unknown as System;

	const make = (over: Partial<HealthOptions> = {}): void => {
		log = new Log();
		const report = (values: JSONObject) => void reports.push(values);
		health = new Health({ system, link: () => undefined, log, report, ...over });
	};

	beforeEach(() => {
		clock.reset();
		reports = [];
		make();
	});

	it("tells what there is, and leaves out what this host has not", () => {
		deepEqual(health.values(), { uptime: 61, resetReason: "POWERON", bootId: 7, errors: 0 });
		const full = { ...system, freeMemory: 90_000, heap: { slots: 1600, chunks: 800 } } as System;
		make({ system: full, link: () => ({ RSSI: -60 }) as Link, more: () => ({ sent: 3 }) });
		log.error("sensor: no answer");
		deepEqual(health.values(), {
			...{ uptime: 61, resetReason: "POWERON", bootId: 7, errors: 1, lastError: "sensor: no answer" },
			...{ freeMemory: 90_000, slotHeap: 1600, chunkHeap: 800, RSSI: -60, sent: 3 },
		});
	});

	it("reports every five minutes, or at the interval that an attribute sets", () => {
		clock.advance(600_000);
		equal(reports.length, 2);
		health.configure({ healthInterval: 10 });
		equal(health.interval, 10);
		clock.advance(30_000);
		equal(reports.length, 5);
		health.configure({ healthInterval: 0 });
		clock.advance(600_000);
		equal(reports.length, 5);
		equal(clock.armed, 0);
	});

	it("does not look at an interval that makes no sense, nor begin anew at the same one", () => {
		for (const healthInterval of [5, 86_401, -1, "60", null, Number.NaN])
			health.configure({ healthInterval });
		health.configure({});
		equal(health.interval, 300);
		clock.advance(200_000);
		health.configure({ healthInterval: 300 });
		clock.advance(100_000);
		equal(reports.length, 1);
	});

	it("survives figures and reports that throw, and counts them", () => {
		make({
			report: () => {
				throw new Error("full");
			},
			interval: 10,
		});
		clock.advance(20_000);
		equal(log.errors, 2);
		includes(log.lastError ?? "", "health: Error: full");
	});

	it("is quiet after close", () => {
		health.close();
		health.close();
		clock.advance(600_000);
		equal(reports.length, 0);
	});
});

describe("service: log", () => {
	it("keeps the last error, cut short, whatever the level", () => {
		const log = new Log();
		log.level = "none";
		log.error("x".repeat(500));
		log.info("fine");
		log.debug("finer");
		equal(log.errors, 1);
		ok(log.lastError?.length === 200, `${log.lastError?.length}`);
	});
});
