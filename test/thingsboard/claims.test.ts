import { Core, type Settings } from "../../thingsboard/core.ts";
import type { Device } from "../../thingsboard/devices.ts";
import { deepEqual, equal } from "../assert.ts";
import { ToldClock } from "./server.ts";

describe("thingsboard claims", () => {
	let clock: ToldClock;
	let core: Core;
	let device: Device;
	function begin(settings: Partial<Settings> = {}): void {
		clock = new ToldClock();
		core = new Core({ clock, settings });
		device = core.devices.create({ name: "d" });
	}
	beforeEach(() => begin());

	const claim = (secret: string) => core.claims.claim(device, "customer", secret);
	const allowed = () => device.attributes.SERVER_SCOPE.get("claimingAllowed")?.value.text;

	it("gives the device to the customer that knows the secret, once", () => {
		core.claims.register(device, "s", 1000);
		equal(claim("s"), "SUCCESS");
		equal(device.customerId, "customer");
		equal(claim("s"), "CLAIMED");
		core.claims.register(device, "s", 1000);
		equal(claim("s"), "CLAIMED");
	});

	it("fails for a device that said nothing, and for a wrong secret, which uses the information up", () => {
		equal(claim("s"), "FAILURE");
		core.claims.register(device, "s", 1000);
		deepEqual([claim("x"), claim("s")], ["FAILURE", "FAILURE"]);
		equal(device.customerId, null);
	});

	it("ends after the device's duration, which is a day when it names none", () => {
		core.claims.register(device, "", 1000);
		clock.advance(1001);
		equal(claim(""), "FAILURE");
		core.claims.register(device, "", -1);
		clock.advance(86_399_999);
		equal(claim(""), "SUCCESS");
	});

	it("forgets what was not used within a day, however long the device said", () => {
		core.claims.register(device, "s", 10 * 86_400_000);
		clock.advance(86_400_000);
		equal(claim("s"), "FAILURE");
	});

	it("does not overwrite what a device said before", () => {
		core.claims.register(device, "first", 1000);
		core.claims.register(device, "second", 1000);
		equal(claim("second"), "FAILURE");
		core.claims.register(device, "second", 1000);
		equal(claim("second"), "SUCCESS");
	});

	it("needs the server attribute claimingAllowed where claiming is off by default, and takes it away again", () => {
		begin({ allowClaimingByDefault: false });
		core.claims.register(device, "s", 1000);
		equal(claim("s"), "FAILURE");
		device.saveAttributes("SERVER_SCOPE", new Map([["claimingAllowed", { type: "BOOLEAN", text: "true" }]]));
		core.claims.register(device, "s", 1000);
		equal(claim("s"), "SUCCESS");
		equal(allowed(), undefined);
		core.claims.reclaim(device);
		deepEqual([device.customerId, allowed()], [null, "true"]);
	});

	it("can be claimed again after it was taken back", () => {
		core.claims.register(device, "s", 1000);
		claim("s");
		core.claims.reclaim(device);
		deepEqual([claim("s"), allowed()], ["FAILURE", undefined]);
		core.claims.register(device, "s", 1000);
		equal(claim("s"), "SUCCESS");
	});
});
