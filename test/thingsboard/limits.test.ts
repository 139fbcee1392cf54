import { Core } from "../../thingsboard/core.ts";
import { type RateLimits, TokenBucket } from "../../thingsboard/limits.ts";
import { deepEqual, equal, throws } from "../assert.ts";
import { ToldClock } from "./server.ts";

describe("thingsboard token bucket", () => {
	const take = (bucket: TokenBucket, times: number) =>
		Array.from({ length: times }, () => bucket.take(1)).filter(Boolean).length;

	it("gives its capacity at once and then one token each part of its time", () => {
		const clock = new ToldClock();
		const bucket = new TokenBucket(clock, "3:1");
		equal(take(bucket, 5), 3);
		clock.advance(333);
		equal(take(bucket, 2), 0);
		clock.advance(1);
		equal(take(bucket, 2), 1);
		clock.advance(60_000);
		equal(take(bucket, 9), 3);
	});

	it("loses no token to rounding over a million small steps", () => {
		const clock = new ToldClock();
		const bucket = new TokenBucket(clock, "7:3");
		take(bucket, 7);
		let taken = 0;
		for (let i = 0; i < 300_000; i++) {
			clock.advance(1);
			if (bucket.take(1)) taken++;
		}
		equal(taken, 700);
	});

	it("needs a token of each bandwidth, and takes all or none", () => {
		const clock = new ToldClock();
		const bucket = new TokenBucket(clock, "2:1,3:60");
		equal(take(bucket, 3), 2);
		clock.advance(1000);
		equal(take(bucket, 3), 1);
		clock.advance(1000);
		equal(bucket.take(1), false);
		clock.advance(18_000);
		equal(bucket.take(2), false);
		equal(bucket.take(1), true);
	});

	it("is no limit for null and an empty text, and refuses what is no limit", () => {
		const clock = new ToldClock();
		for (const text of [null, ""]) equal(take(new TokenBucket(clock, text), 100), 100);
		for (const text of ["1", "a:b", "1:0", "0:1", "1:1,", "-1:1", "1:1:1"])
			throws(() => new TokenBucket(clock, text), "capacity:seconds");
	});
});

describe("thingsboard rate limits", () => {
	function devices(core: Core) {
		const [device, other, gateway] = ["a", "b", "g"].map((name) => core.devices.create({ name }));
		if (!device || !other || !gateway) throw new Error("expected three devices");
		return { device, other, gateway };
	}
	const core = (rateLimits: NonNullable<ConstructorParameters<typeof RateLimits>[1]>) =>
		new Core({ clock: new ToldClock(), settings: { rateLimits } });

	it("takes from telemetry limits for data and from messages for all else, per device", () => {
		const at = core({ device: { messages: "1:60", telemetryMessages: "2:60" } });
		const { limits } = at;
		const { device, other } = devices(at);
		const sender = { device, isGateway: false };
		deepEqual([limits.admit(sender), limits.admit(sender)], [true, false]);
		deepEqual(
			[1, 9, 1].map((points) => limits.admit(sender, points)),
			[true, true, false],
		);
		equal(limits.admit({ device: other, isGateway: false }), true);
	});

	it("counts data points, and keeps the message that too many points cost", () => {
		const at = core({ device: { telemetryMessages: "2:60", telemetryDataPoints: "10:60" } });
		const sender = { device: devices(at).device, isGateway: false };
		deepEqual(
			[11, 10, 1].map((points) => at.limits.admit(sender, points)),
			[false, true, false],
		);
	});

	it("charges sub-devices to their gateway, and a gateway's own traffic apart", () => {
		const at = core({
			device: { messages: "1:60" },
			gateway: { messages: "2:60" },
			gatewayDevice: { messages: "3:60" },
		});
		const { device, other, gateway } = devices(at);
		const child = (it: typeof device) => at.limits.admit({ device: it, isGateway: false, gateway });
		deepEqual([device, other, device].map(child), [true, true, false]);
		const own = () => at.limits.admit({ device: gateway, isGateway: true });
		deepEqual([own(), own(), own(), own()], [true, true, true, false]);
	});

	it("asks the tenant's limit first, of everybody", () => {
		const at = core({ tenant: { messages: "2:60" } });
		const { device, other, gateway } = devices(at);
		equal(at.limits.admit({ device, isGateway: false }), true);
		equal(at.limits.admit({ device: other, isGateway: false, gateway }), true);
		equal(at.limits.admit({ device: gateway, isGateway: true }), false);
	});

	it("fills the buckets anew when a limit is set, and sets nothing that is wrong", () => {
		const at = core({ device: { messages: "1:60" } });
		const sender = { device: devices(at).device, isGateway: false };
		deepEqual([at.limits.admit(sender), at.limits.admit(sender)], [true, false]);
		throws(() => at.limits.set("device", { messages: "lots" }), '"lots"');
		equal(at.limits.texts("device").messages, "1:60");
		at.limits.set("device", { messages: "2:1" });
		deepEqual([at.limits.admit(sender), at.limits.admit(sender)], [true, true]);
	});
});
