import "../../setup.ts";
import { Limits } from "tbclient/limits";
import { deepEqual, equal, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";

const Minute = 60_000;

/** mulberry32. */
function generator(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** The server's own bucket: greedy refill, as bucket4j does it. */
class ServerBucket {
	#capacity: number;
	#period: number;
	#level: number;
	#at = clock.now;

	constructor(capacity: number, seconds: number) {
		this.#capacity = capacity;
		this.#period = seconds * 1000;
		this.#level = capacity;
	}

	take(count: number): boolean {
		const gained = ((clock.now - this.#at) * this.#capacity) / this.#period;
		this.#level = Math.min(this.#capacity, this.#level + gained);
		this.#at = clock.now;
		if (this.#level + 1e-6 < count) return false;
		this.#level -= count;
		return true;
	}
}

interface Scene {
	text: string;
	points: number;
	/** ms, at most, one way. */
	delay: number;
	window: number;
	/** ms. */
	length: number;
}

/** A client that always has something to send. Returns what arrived, and what the server refused. */
function soak(
	seed: number,
	{ text, points, delay, window, length }: Scene,
): { arrived: number; refused: number } {
	const random = generator(seed);
	const limits = new Limits(false);
	limits.set({ rateLimits: { telemetryMessages: text, telemetryDataPoints: "" } });
	const server = text.split(",").map((part) => {
		const [capacity = 0, seconds = 0] = part.split(":").map(Number);
		return new ServerBucket(capacity, seconds);
	});
	let [arrived, refused, flying, last] = [0, 0, 0, 0];
	let pause: ReturnType<typeof clock.at> | undefined;
	const end = clock.now + length;
	const send = (): void => {
		while (flying < window && limits.wait(points) === 0) {
			limits.take(points);
			flying += 1;
			last = Math.max(last, clock.now + random() * delay); // TCP keeps the order
			clock.at(last - clock.now, 0, () => {
				arrived += 1;
				if (server.some((bucket) => !bucket.take(1))) refused += 1;
				clock.at(random() * delay, 0, () => {
					limits.arrived(points);
					flying -= 1;
					send();
				});
			});
		}
		const wait = limits.wait(points);
		if (pause) clock.cancel(pause);
		pause = wait > 0 && flying < window ? clock.at(wait, 0, send) : undefined;
	};
	send();
	while (clock.now < end) clock.advance(1000);
	clock.reset();
	return { arrived, refused };
}

describe("TBClient: limits", () => {
	beforeEach(() => clock.reset());

	it("let everything pass when the server has none", () => {
		const limits = new Limits(false);
		limits.up();
		equal(limits.wait(100), 0);
		limits.set({
			maxPayloadSize: null,
			rateLimits: { messages: null, telemetryMessages: "", telemetryDataPoints: null },
		});
		deepEqual([limits.wait(1000), limits.wait(0), limits.packet], [0, 0, 65_536]);
		deepEqual([limits.inFlight, limits.points], [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
	});
	it("take size, window and points from the server's answer", () => {
		const limits = new Limits(true);
		limits.set({
			maxPayloadSize: 1000,
			maxInflightMessages: 2,
			rateLimits: { telemetryDataPoints: "50:1,20:60" },
		});
		deepEqual([limits.packet, limits.inFlight, limits.points], [1000, 2, 20]);
	});
	it("wait for the first answer, 5 s at most, and never again", () => {
		const limits = new Limits(true);
		limits.up();
		equal(limits.wait(1), 5000);
		clock.advance(4999);
		equal(limits.wait(0), 1);
		clock.advance(1);
		deepEqual([limits.wait(0), limits.wait(1)], [0, 0]);
		limits.down(false);
		limits.up();
		equal(limits.wait(1), 5000);
		limits.set({ error: "timeout" });
		equal(limits.wait(1), 0);
		limits.down(false);
		limits.up();
		equal(limits.wait(1), 0);
	});
	it("count data, and everything else, by themselves", () => {
		const limits = new Limits(false);
		limits.set({ rateLimits: { messages: "2:1", telemetryMessages: "3:1", telemetryDataPoints: "10:1" } });
		limits.take(9);
		deepEqual([limits.wait(0), limits.wait(1)], [0, 0]);
		ok(limits.wait(2) > 0, "points");
		limits.take(1);
		limits.take(0, 2);
		ok(limits.wait(0) > 0, "messages");
		ok(limits.wait(1) > 0, "points");
	});
	it("count what went before they were known", () => {
		const limits = new Limits(true);
		limits.up();
		limits.take(0, 2);
		limits.arrived(0, 2);
		limits.set({ rateLimits: { messages: "3:3" } });
		ok(limits.wait(0) > 900 && limits.wait(0) < 1100, "three are gone");
	});
	it("keep their level over connections, and over the same answer", () => {
		const limits = new Limits(false);
		const answer = { rateLimits: { telemetryMessages: "10:10" } };
		limits.set(answer);
		limits.take(1, 10);
		limits.down(false);
		limits.up();
		limits.set(answer);
		ok(limits.wait(1) > 1000, "empty");
		limits.set({ rateLimits: { telemetryMessages: "20:10" } });
		equal(limits.wait(1), 0);
	});
	it("take themselves for empty when the server closed on messages in flight", () => {
		const limits = new Limits(false);
		limits.set({ rateLimits: { telemetryMessages: "10:10", messages: "10:10" } });
		limits.take(1);
		limits.down(true);
		ok(limits.wait(1) > 1000, "empty");
		equal(limits.wait(0), 0);
	});
	it("never wait for more than a bucket holds", () => {
		const limits = new Limits(false);
		limits.set({ rateLimits: { telemetryDataPoints: "10:10" } });
		equal(limits.wait(11), 0);
	});
	it("take a message of QoS 0 for arrived when a later one is acknowledged, after 5 s, or when 64 others have gone", () => {
		const limits = new Limits(false);
		limits.set({ rateLimits: { telemetryMessages: "100:1" } });
		const tokens = () => {
			let count = 0;
			for (; limits.wait(1) === 0; count++) limits.take(1);
			limits.down(false);
			clock.advance(60_000);
			return count;
		};
		const fly = (count: number) => {
			for (let i = 0; i < count; i++) {
				limits.take(1);
				limits.silent(1);
			}
			clock.advance(4_999);
		};
		fly(10);
		equal(tokens(), 90);
		fly(10);
		limits.heard(clock.now - 4_999);
		equal(tokens(), 90);
		fly(10);
		limits.heard(clock.now);
		clock.advance(1000);
		equal(tokens(), 100);
		fly(10);
		clock.advance(1);
		limits.wait(1);
		clock.advance(1000);
		equal(tokens(), 100);
		fly(65);
		equal(tokens(), 100 - 64);
	});
	it("get nothing back while a message is on its way", () => {
		const limits = new Limits(false);
		limits.set({ rateLimits: { telemetryMessages: "1:1" } });
		limits.take(1);
		clock.advance(60_000);
		ok(limits.wait(1) > 1000, "in flight");
		limits.arrived(1);
		limits.arrived(1); // a stray one
		clock.advance(1021);
		equal(limits.wait(1), 0);
	});
	it("are full again after a silence that is longer than ticks count", () => {
		const limits = new Limits(false);
		limits.set({ rateLimits: { telemetryMessages: "10:10000" } });
		limits.take(1, 10);
		limits.arrived(1, 10);
		clock.now -= 1000; // what 32 bits make of 2^32 - 1000 ms
		equal(limits.wait(1), 0);
		clock.now += 1000;
	});
	it("take what is no limit for none, and refuse what is no object", () => {
		const limits = new Limits(true);
		for (const text of ["junk", "1", ":", "0:1", "1:0", "-1:5", 7, {}, true, null]) {
			limits.set({ maxPayloadSize: "x", maxInflightMessages: -1, rateLimits: { messages: text } });
			limits.take(0, 100);
			equal(limits.wait(0), 0);
		}
		for (const answer of [null, 1, "x", []]) throws(() => limits.set(answer), "");
		throws(() => limits.set({ rateLimits: 1 }), "number");
	});

	for (const seed of [1, 2, (Math.random() * 2 ** 31) | 0])
		it("are never exceeded, at 95 % of what is allowed and more", () => {
			trace(`seed ${seed}\n`);
			const scenes: [Scene, number][] = [
				[{ text: "10:1,300:60", points: 3, delay: 40, window: 4, length: 10 * Minute }, 3000],
				[{ text: "20:1", points: 1, delay: 300, window: 16, length: 2 * Minute }, 2400],
				[{ text: "60:60", points: 2, delay: 900, window: 4, length: 60 * Minute }, 3600],
				[{ text: "1000:3600", points: 1, delay: 50, window: 1, length: 60 * Minute }, 2000], // full at first, refilled once
				[{ text: "1:1", points: 1, delay: 10, window: 4, length: 10 * Minute }, 600],
			];
			for (const [scene, allowed] of scenes) {
				const { arrived, refused } = soak(seed, scene);
				equal(refused, 0);
				ok(arrived >= 0.95 * allowed, `${scene.text}: expected at least 95 % of ${allowed}, got ${arrived}`);
			}
		});
});
