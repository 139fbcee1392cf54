import type { JSONValue, System } from "host/contract";
import { Commands } from "service/commands";
import { Log } from "service/log";
import { deepEqual, equal, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";

describe("service: commands", () => {
	let done: string[];
	let log: Log;
	let commands: Commands;
	const names = ["restart", "identify", "logLevel", "factoryReset"];

	const make = (enabled: string[] | undefined, hasLamp = true): void => {
		log = new Log();
		commands = new Commands({
			...(enabled && { enabled }),
			system: { restart: () => void done.push("restart") } as unknown as System,
			pins: {
				lamp: hasLamp ? { write: (on) => void done.push(on ? "on" : "off") } : undefined,
				analog: undefined,
			},
			log,
			reset: () => void done.push("reset"),
		});
	};

	beforeEach(() => {
		clock.reset();
		done = [];
		make(names);
	});

	it("answers nothing that is not enabled", () => {
		make(undefined);
		for (const name of names) {
			equal(commands.has(name), false);
			throws(() => commands.call(name, null), `unknown method ${name}`);
		}
		make(["constructor", "restart"]);
		deepEqual(
			[commands.has("constructor"), commands.has("identify"), commands.has("restart")],
			[false, false, true],
		);
		deepEqual(done, []);
	});

	it("restarts once, after the answer has had time to leave", () => {
		deepEqual(commands.call("restart", null), { restart: true });
		commands.call("restart", null);
		deepEqual(done, []);
		clock.advance(1_000);
		deepEqual(done, ["restart"]);
	});

	it("forgets the settings, then restarts", () => {
		commands.call("factoryReset", null);
		clock.advance(1_000);
		deepEqual(done, ["reset", "restart"]);
	});

	it("blinks for as long as asked, ends dark, and says where there is no lamp", () => {
		deepEqual(commands.call("identify", 1), { identify: true });
		clock.advance(10_000);
		deepEqual(done, ["on", "off", "on", "off"]);
		done = [];
		commands.call("identify", null);
		commands.call("identify", 0.3);
		clock.advance(60_000);
		deepEqual(done, ["on", "off"], "the later call counts");
		make(names, false);
		deepEqual(commands.call("identify", null), { identify: false });
		equal(clock.armed, 0);
	});

	it("refuses times and levels that make no sense", () => {
		for (const params of [0, -1, 61, "5", {}, Number.NaN] as JSONValue[])
			throws(() => commands.call("identify", params), "identify: expected seconds up to 60");
		for (const params of ["loud", 1, null] as JSONValue[])
			throws(() => commands.call("logLevel", params), "logLevel: expected one of none, error, info, debug");
		equal(log.level, "info");
	});

	it("sets the log level", () => {
		deepEqual(commands.call("logLevel", "debug"), { logLevel: "debug" });
		equal(log.level, "debug");
	});

	it("does nothing after close", () => {
		commands.call("identify", 5);
		commands.call("restart", null);
		commands.close();
		clock.advance(60_000);
		deepEqual(done, []);
		equal(clock.armed, 0);
	});
});
