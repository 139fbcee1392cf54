// Rate limits of the transport (DefaultTransportRateLimitService): token buckets of the tenant, of each device, of each gateway.
import type { Clock } from "./clock.ts";
import type { Device } from "./devices.ts";

/** The three buckets of one level. Texts are `capacity:seconds[,capacity:seconds…]`; empty or null is no limit. */
export interface LimitTexts {
	messages: string | null;
	telemetryMessages: string | null;
	telemetryDataPoints: string | null;
}

/**
 * Whom a limit holds for: the whole tenant, an ordinary device, the sum of a gateway's sub-devices (`gateway`), a gateway's
 * own traffic (`gatewayDevice`).
 */
export const limitLevels = ["tenant", "device", "gateway", "gatewayDevice"] as const;
export type LimitLevel = (typeof limitLevels)[number];

/** Whose traffic it is. */
export interface Sender {
	device: Device;
	/** Whether its session is a gateway's. */
	isGateway: boolean;
	/** The gateway a sub-device speaks through. */
	gateway?: Device;
}

const unlimited: Readonly<LimitTexts> = {
	messages: null,
	telemetryMessages: null,
	telemetryDataPoints: null,
};

/** The tenant's limits and how much of them is left. */
export class RateLimits {
	#clock: Clock;
	#texts: Record<LimitLevel, LimitTexts>;
	#tenant: Buckets | undefined;
	#buckets: Record<Exclude<LimitLevel, "tenant">, WeakMap<Device, Buckets>> = noBuckets();

	/** Throws a `RangeError` for a text that is no limit. */
	constructor(clock: Clock, limits: Partial<Record<LimitLevel, Partial<LimitTexts>>> = {}) {
		this.#clock = clock;
		this.#texts = { tenant: unlimited, device: unlimited, gateway: unlimited, gatewayDevice: unlimited };
		for (const level of limitLevels) this.set(level, limits[level] ?? {});
	}

	/** Changes a level's limits, as saving the tenant profile does; its buckets begin full. Throws a `RangeError`. */
	set(level: LimitLevel, limits: Partial<LimitTexts>): void {
		const texts = { ...unlimited, ...limits };
		new Buckets(this.#clock, texts); // throws before anything is changed
		this.#texts[level] = texts;
		if (level === "tenant") this.#tenant = undefined;
		else this.#buckets[level] = new WeakMap();
	}

	/** What was set for a level: the texts of `getSessionLimits`. */
	texts(level: LimitLevel): Readonly<LimitTexts> {
		return this.#texts[level];
	}

	/** Takes what one message costs, `points` being the values it carries (0 for what is no data). False when it is too much. */
	admit({ device, isGateway, gateway }: Sender, points = 0): boolean {
		this.#tenant ??= new Buckets(this.#clock, this.#texts.tenant);
		if (!this.#tenant.take(points)) return false;
		if (gateway) return this.#of("gateway", gateway).take(points);
		return this.#of(isGateway ? "gatewayDevice" : "device", device).take(points);
	}

	#of(level: Exclude<LimitLevel, "tenant">, device: Device): Buckets {
		const known = this.#buckets[level].get(device);
		if (known) return known;
		const made = new Buckets(this.#clock, this.#texts[level]);
		this.#buckets[level].set(device, made);
		return made;
	}
}

const noBuckets = (): Record<Exclude<LimitLevel, "tenant">, WeakMap<Device, Buckets>> => ({
	device: new WeakMap(),
	gateway: new WeakMap(),
	gatewayDevice: new WeakMap(),
});

/** Data takes from the two telemetry limits, anything else from `messages`. */
class Buckets {
	#messages: TokenBucket;
	#telemetryMessages: TokenBucket;
	#telemetryDataPoints: TokenBucket;

	constructor(clock: Clock, { messages, telemetryMessages, telemetryDataPoints }: LimitTexts) {
		this.#messages = new TokenBucket(clock, messages);
		this.#telemetryMessages = new TokenBucket(clock, telemetryMessages);
		this.#telemetryDataPoints = new TokenBucket(clock, telemetryDataPoints);
	}

	/** What the first telemetry limit gave is gone even when the second refuses. */
	take(points: number): boolean {
		if (points === 0) return this.#messages.take(1);
		return this.#telemetryMessages.take(1) && this.#telemetryDataPoints.take(points);
	}
}

interface Bandwidth {
	capacity: number;
	/** Milliseconds in which `capacity` tokens come back. */
	period: number;
	/** Tokens times `period`, so that whole numbers count fractions of a token. */
	level: number;
}

/** A bucket of one or more bandwidths; tokens come back one by one ("greedy"), and a message needs them of every bandwidth. */
export class TokenBucket {
	#clock: Clock;
	#bandwidths: Bandwidth[];
	#at: number;

	/** Throws a `RangeError` for a text that is no limit. */
	constructor(clock: Clock, text: string | null) {
		this.#clock = clock;
		this.#bandwidths = text ? text.split(",").map(readBandwidth) : [];
		this.#at = clock.now();
	}

	/** Takes `count` tokens, all or none. */
	take(count: number): boolean {
		this.#refill();
		if (this.#bandwidths.some(({ level, period }) => level < count * period)) return false;
		for (const bandwidth of this.#bandwidths) bandwidth.level -= count * bandwidth.period;
		return true;
	}

	#refill(): void {
		const passed = Math.max(this.#clock.now() - this.#at, 0);
		this.#at += passed;
		for (const bandwidth of this.#bandwidths) {
			const { capacity, period, level } = bandwidth;
			bandwidth.level = Math.min(capacity * period, level + passed * capacity);
		}
	}
}

function readBandwidth(text: string): Bandwidth {
	const [, capacity = 0, seconds = 0] = (/^(\d+):(\d+)$/.exec(text) ?? []).map(Number);
	if (capacity < 1 || seconds < 1)
		throw new RangeError(`rate limit: expected capacity:seconds[,capacity:seconds…], got "${text}"`);
	const period = seconds * 1000;
	return { capacity, period, level: capacity * period };
}
