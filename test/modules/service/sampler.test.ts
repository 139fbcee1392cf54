import type { JSONObject } from "host/contract";
import { Log } from "service/log";
import { Sampler, type SamplerOptions } from "service/sampler";
import { deepEqual, equal, includes } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";

describe("service: sampler", () => {
	let log: Log;
	let events: string[];
	let answer: (error: Error | null) => void;
	let sampler: Sampler;

	const make = (over: Partial<SamplerOptions> = {}): void => {
		log = new Log();
		events = [];
		const send = (values: JSONObject, done: typeof answer): void => {
			events.push(`send ${values.value}`);
			answer = done;
		};
		const onRead = () => void events.push("read");
		const onAcknowledged = () => void events.push("acknowledged");
		sampler = new Sampler({ read: () => ({ value: 1 }), send, onRead, onAcknowledged, log, ...over });
	};

	beforeEach(() => {
		clock.reset();
		make();
	});

	it("reads every ten seconds, and tells what was read and what arrived", () => {
		clock.advance(10_000);
		answer(null);
		deepEqual(events, ["read", "send 1", "acknowledged"]);
		clock.advance(10_000);
		answer(new Error("full"));
		deepEqual(events.slice(3), ["read", "send 1"]);
	});

	it("takes another interval, and none that makes no sense", () => {
		equal(sampler.configure({ telemetryInterval: 60 }), true);
		clock.advance(59_999);
		deepEqual(events, []);
		clock.advance(1);
		equal(events.length, 2);
		for (const telemetryInterval of [0, 0.5, 3601, "5", null, Number.NaN])
			equal(sampler.configure({ telemetryInterval }), false);
		equal(sampler.configure({}), false);
		equal(sampler.interval, 60);
	});

	it("survives a sensor that fails, without hooks too", () => {
		make({
			read: () => {
				throw new Error("no answer");
			},
			interval: 1,
		});
		clock.advance(2_000);
		equal(log.errors, 2);
		includes(log.lastError ?? "", "app: readings: Error: no answer");
		const send = (_: JSONObject, done: typeof answer) => done(null);
		const bare = new Sampler({ read: () => ({}), send, log });
		bare.sample();
		equal(log.errors, 2);
		bare.close();
	});

	it("is quiet after close", () => {
		sampler.close();
		clock.advance(60_000);
		deepEqual(events, []);
		equal(clock.armed, 0);
	});
});
