import { Core } from "../../thingsboard/core.ts";
import type { Device } from "../../thingsboard/devices.ts";
import { assign, assignToProfile, moveToProfile, targetOf } from "../../thingsboard/offers.ts";
import type { OtaPackage } from "../../thingsboard/packages.ts";
import { deepEqual, equal } from "../assert.ts";
import { ToldClock } from "./server.ts";

describe("thingsboard OTA offers", () => {
	let clock: ToldClock;
	let core: Core;
	beforeEach(() => {
		clock = new ToldClock();
		core = new Core({ clock });
	});

	const state = (device: Device) => device.series.get("fw_state")?.map(({ value }) => value.text);
	const shared = (device: Device) =>
		[...device.attributes.SHARED_SCOPE].map(([key, { value }]) => `${key}=${value.text}`);
	const made = (version: string, over: Partial<OtaPackage> = {}) =>
		core.packages.create({
			title: "app",
			version,
			type: "FIRMWARE",
			deviceProfileId: null,
			tag: null,
			url: null,
			data: Uint8Array.of(1, 2),
			checksum: "cs",
			checksumAlgorithm: "SHA256",
			...over,
		});
	/** What a subscribed session is told. */
	function listen(device: Device): string[] {
		const told: string[] = [];
		const none = () => undefined;
		device.session = {
			wantsAttributes: true,
			wantsRpc: false,
			publishAttributes: (text) => told.push(text),
			publishRpc: () => 1,
			publish: none,
			close: none,
			drop: none,
			strike: none,
			silence: none,
		};
		return told;
	}

	it("14.19 writes target_fw_* and QUEUED at once, INITIATED and the attributes after the pacing", () => {
		const device = core.devices.create({ name: "d" });
		const told = listen(device);
		assign(core, device, "fw", made("v1", { tag: "beta" }));
		const text = (key: string) => device.series.get(key)?.[0]?.value.text;
		deepEqual(
			["title", "version", "tag", "ts"].map((key) => text(`target_fw_${key}`)),
			["app", "v1", "beta", String(clock.now())],
		);
		deepEqual(state(device), ["QUEUED"]);
		deepEqual(told, []);
		clock.advance(600);
		deepEqual(state(device), ["QUEUED", "INITIATED"]);
		deepEqual(told, [
			'{"deleted":["fw_url"]}',
			'{"fw_title":"app","fw_version":"v1","fw_tag":"beta","fw_size":2,"fw_checksum_algorithm":"SHA256","fw_checksum":"cs"}',
		]);
	});

	it("14.19 does the same under sw_ for software, apart from firmware", () => {
		const device = core.devices.create({ name: "d" });
		assign(core, device, "sw", made("v1", { type: "SOFTWARE" }));
		clock.advance(600);
		equal(device.series.get("sw_state")?.length, 2);
		equal(device.attributes.SHARED_SCOPE.get("sw_version")?.value.text, "v1");
		equal(state(device), undefined);
	});

	it("trap 17 lists every key as deleted when a package is taken away, in one message", () => {
		const device = core.devices.create({ name: "d" });
		assign(core, device, "fw", made("v1"));
		clock.advance(600);
		const told = listen(device);
		assign(core, device, "fw", undefined);
		const keys = ["title", "version", "ts", "state", "size", "checksum", "checksum_algorithm", "url", "tag"];
		deepEqual(told, [JSON.stringify({ deleted: keys.map((key) => `fw_${key}`) })]);
		deepEqual(shared(device), []);
	});

	it("trap 36 gives a URL package its address, and size and checksum only where the operator typed them", () => {
		const device = core.devices.create({ name: "d" });
		const none = { data: undefined, checksum: undefined, checksumAlgorithm: undefined };
		const bare = made("v1", { url: "http://x" });
		Object.assign(bare, none);
		assign(core, device, "fw", bare);
		clock.advance(600);
		deepEqual(shared(device), ["fw_title=app", "fw_version=v1", "fw_url=http://x"]);
		assign(
			core,
			device,
			"fw",
			Object.assign(made("v2", { url: "http://y", dataSize: 9 }), { data: undefined }),
		);
		const told = listen(device);
		clock.advance(600);
		equal(told[0], '{"deleted":["fw_tag"]}');
		deepEqual(JSON.parse(told[1] ?? ""), {
			fw_title: "app",
			fw_version: "v2",
			fw_size: 9,
			fw_checksum_algorithm: "SHA256",
			fw_checksum: "cs",
			fw_url: "http://y",
		});
	});

	it("trap 37 pushes another title and version while a download of the first may be running", () => {
		const device = core.devices.create({ name: "d" });
		assign(core, device, "fw", made("v1"));
		clock.advance(600);
		const told = listen(device);
		assign(core, device, "fw", made("v2"));
		clock.advance(600);
		deepEqual(told.length, 2);
		equal(JSON.parse(told[1] ?? "").fw_version, "v2");
	});

	it("offers a profile's package to its devices that have none of their own, one each 600 ms", () => {
		const profile = core.profiles.ensure("sensor");
		const [a, b, own, other] = ["a", "b", "own", "other"].map((name) =>
			core.devices.create({ name, type: name === "other" ? "default" : "sensor" }),
		);
		if (!a || !b || !own || !other) throw new Error("expected four devices");
		assign(core, own, "fw", made("own"));
		clock.advance(600);
		assignToProfile(core, profile, "fw", made("all"));
		deepEqual(
			[a, b, own, other].map((device) => state(device)?.at(-1)),
			["QUEUED", "QUEUED", "INITIATED", undefined],
		);
		clock.advance(600);
		deepEqual(
			[a, b].map((device) => state(device)?.at(-1)),
			["INITIATED", "QUEUED"],
		);
		clock.advance(600);
		deepEqual(state(b), ["QUEUED", "INITIATED"]);
		equal(own.attributes.SHARED_SCOPE.get("fw_version")?.value.text, "own");
		assign(core, own, "fw", undefined);
		clock.advance(600);
		equal(own.attributes.SHARED_SCOPE.get("fw_version")?.value.text, "all");
		assignToProfile(core, profile, "fw", undefined);
		deepEqual([a, b, own].map(shared), [[], [], []]);
	});

	it("offers a new device, and one that moves in, the package of its profile", () => {
		const profile = core.profiles.ensure("sensor");
		const target = made("all");
		assignToProfile(core, profile, "fw", target);
		const born = core.devices.create({ name: "born", type: "sensor" });
		const moved = core.devices.create({ name: "moved" });
		moveToProfile(core, moved, profile);
		clock.advance(1200);
		deepEqual(
			[born, moved].map((device) => state(device)),
			[
				["QUEUED", "INITIATED"],
				["QUEUED", "INITIATED"],
			],
		);
		equal(targetOf(moved, "fw"), target.id);
	});

	it("says no more of a package that was replaced while it waited its turn", () => {
		const device = core.devices.create({ name: "d" });
		assign(core, device, "fw", made("v1"));
		assign(core, device, "fw", made("v2"));
		const told = listen(device);
		clock.advance(1200);
		equal(told.length, 2);
		equal(JSON.parse(told[1] ?? "").fw_version, "v2");
		deepEqual(state(device), ["QUEUED", "INITIATED"]);
	});
});
