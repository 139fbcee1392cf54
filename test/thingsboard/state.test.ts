import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StateFile } from "../../thingsboard/cli/state-file.ts";
import { Core } from "../../thingsboard/core.ts";
import { restoreState, stateText } from "../../thingsboard/state.ts";
import { deepEqual, equal, includes, throws } from "../assert.ts";
import { ToldClock } from "./server.ts";

/** A tenant with something of everything. */
function furnished(): Core {
	const core = new Core({ clock: new ToldClock() });
	const customer = core.users.createCustomer("C");
	core.users.create("u@example.com", customer.id).password = "secret";
	const profile = core.profiles.create({
		name: "p",
		transport: { type: "MQTT", deviceTelemetryTopic: "t/+" },
	});
	const basic = { type: "MQTT_BASIC", clientId: "c", userName: "u", password: "p" } as const;
	const device = core.devices.create({ name: "d", type: "p", additionalInfo: { gateway: true } }, basic);
	device.customerId = customer.id;
	device.saveAttributes("SERVER_SCOPE", new Map([["a", { type: "DOUBLE", text: "20.0" }]]));
	const info = {
		title: "t",
		version: "1",
		type: "FIRMWARE",
		deviceProfileId: profile.id,
		tag: null,
		url: null,
	} as const;
	const made = core.packages.create({ ...info, data: Uint8Array.of(0, 255, 10) });
	profile.firmwareId = made.id;
	return core;
}

describe("thingsboard state", () => {
	const folder = mkdtempSync(join(tmpdir(), "state-"));
	after(() => rmSync(folder, { recursive: true }));

	it("is the same again after a restart", () => {
		const text = stateText(furnished());
		const core = new Core({ clock: new ToldClock() });
		restoreState(core, text);
		equal(stateText(core), text);
		const device = core.devices.byName("d");
		equal(core.identify({ clientId: "c", userName: "u", password: "p" }), device);
		equal(device?.profile, core.profiles.byName("p"));
		deepEqual([...(core.packages.all()[0]?.data ?? [])], [0, 255, 10]);
		equal(core.users.login("u@example.com", "secret") !== undefined, true);
		equal(core.users.all().filter(({ authority }) => authority === "TENANT_ADMIN").length, 1);
	});

	it("is written when something has changed, and leaves no second file", () => {
		const file = join(folder, "a.json");
		const clock = new ToldClock();
		const core = new Core({ clock });
		const told: string[] = [];
		const state = new StateFile(file, core, (problem) => told.push(problem));
		core.devices.create({ name: "new" }, "t");
		equal(readFileSync(file, "utf8").includes("new"), false);
		clock.advance(1000);
		includes(readFileSync(file, "utf8"), '"new"');
		deepEqual(readdirSync(folder), ["a.json"]);
		rmSync(file);
		state.end(); // nothing has changed
		equal(existsSync(file), false);
		deepEqual(told, []);
		core.clock.close();
	});

	it("that cannot be read or written is refused at the start", () => {
		const problem = () => undefined;
		const core = new Core({ clock: new ToldClock() });
		throws(
			() => new StateFile(join(folder, "none", "b.json"), core, problem),
			"b.json: expected to write it, ENOENT",
		);
		throws(() => restoreState(core, '{"version":2}'), "version: expected 1, got 2");
		core.clock.close();
	});

	it("a disk that refuses later is told once", () => {
		const own = join(folder, "own");
		const told: string[] = [];
		const clock = new ToldClock();
		const core = new Core({ clock });
		const inner = mkdtempSync(own);
		new StateFile(join(inner, "c.json"), core, (problem) => told.push(problem));
		rmSync(inner, { recursive: true });
		core.devices.create({ name: "new" }, "t");
		clock.advance(3000);
		equal(told.length, 1);
		includes(told[0] ?? "", "c.json: expected to write it");
		core.clock.close();
	});
});
