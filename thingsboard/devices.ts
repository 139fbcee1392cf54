import { randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "./clock.ts";
import type { Faults } from "./faults.ts";
import { quote } from "./json.ts";
import type { DeviceProfile, Profiles } from "./profiles.ts";
import { RpcQueue, type RpcTarget } from "./rpc.ts";
import type { Row } from "./telemetry.ts";
import { type Value, valuesJson } from "./values.ts";

/** A value and when it was stored, epoch milliseconds. */
export interface Point {
	ts: number;
	value: Value;
}

export const scopes = ["CLIENT_SCOPE", "SHARED_SCOPE", "SERVER_SCOPE"] as const;
export type Scope = (typeof scopes)[number];

/** What a device knows of its connection. */
export interface DeviceSession extends RpcTarget {
	readonly wantsAttributes: boolean;
	publishAttributes(text: string): void;
	/** Any PUBLISH, sane or not. */
	publish(topic: string, payload: Uint8Array): void;
	/** Lets the next publish carry this packet id. */
	setNextId(id: number): void;
	close(reason: string): void;
}

/** What a tenant says when it saves a device. */
export interface DeviceInfo {
	name: string;
	type?: string;
	label?: string | null;
	additionalInfo?: unknown;
}

/** Is told what was stored on a device, after the fact. */
export interface Watcher {
	telemetry(rows: Row[]): void;
	attributes(scope: Scope, values: Map<string, Value>): void;
	deleted(scope: Scope, keys: string[]): void;
}

/** One device: identity, credentials, data and its live session. */
export class Device {
	readonly id = randomUUID();
	readonly createdTime: number;
	info: DeviceInfo;
	token: string;
	/** What `info.type` names. */
	profile: DeviceProfile;
	/** The customer it belongs to, once claimed or assigned. */
	customerId: string | null = null;
	firmwareId: string | null = null;
	softwareId: string | null = null;
	session: DeviceSession | undefined;
	readonly faults: Faults = {};
	readonly rpc: RpcQueue;
	readonly attributes: Record<Scope, Map<string, Point>> = {
		CLIENT_SCOPE: new Map(),
		SHARED_SCOPE: new Map(),
		SERVER_SCOPE: new Map(),
	};
	/** Points per key in the order of their time. */
	readonly series = new Map<string, Point[]>();
	readonly watchers = new Set<Watcher>();
	#clock: Clock;

	constructor(clock: Clock, info: DeviceInfo, token: string, profile: DeviceProfile) {
		this.#clock = clock;
		this.createdTime = clock.now();
		this.info = info;
		this.token = token;
		this.profile = profile;
		this.rpc = new RpcQueue(clock);
	}

	/** Stores telemetry; a point of the same moment is replaced. */
	store(rows: Row[]): void {
		for (const { ts, values } of rows) for (const [key, value] of values) this.#point(key, { ts, value });
		for (const watcher of this.watchers) watcher.telemetry(rows);
	}

	/** Stores attributes; a shared scope is pushed to a subscribed session, all keys in one message. */
	saveAttributes(scope: Scope, values: Map<string, Value>): void {
		const ts = this.#clock.now();
		for (const [key, value] of values) this.attributes[scope].set(key, { ts, value });
		if (values.size) this.#push(scope, valuesJson(values));
		for (const watcher of this.watchers) watcher.attributes(scope, values);
	}

	/** Deletes attributes; the push lists the keys that were asked for, even those that never existed. */
	deleteAttributes(scope: Scope, keys: string[]): void {
		for (const key of keys) this.attributes[scope].delete(key);
		this.#push(scope, `{"deleted":[${keys.map(quote).join(",")}]}`);
		for (const watcher of this.watchers) watcher.deleted(scope, keys);
	}

	#push(scope: Scope, text: string): void {
		if (scope === "SHARED_SCOPE" && this.session?.wantsAttributes) this.session.publishAttributes(text);
	}

	#point(key: string, point: Point): void {
		const points = this.series.get(key) ?? [];
		let at = points.length - 1;
		while (at >= 0 && (points[at]?.ts ?? 0) > point.ts) at--;
		const same = points[at]?.ts === point.ts;
		points.splice(same ? at : at + 1, same ? 1 : 0, point);
		this.series.set(key, points);
	}
}

/** The tenant's devices. */
export class Devices {
	#clock: Clock;
	#profiles: Profiles;
	#byId = new Map<string, Device>();
	/** Called with each new device. */
	onCreated: (device: Device) => void = () => undefined;

	constructor(clock: Clock, profiles: Profiles) {
		this.#clock = clock;
		this.#profiles = profiles;
	}

	/** Makes a device; without `token` it gets 20 random characters, as on the server. A profile named by `type` is made too. */
	create(info: DeviceInfo, token = randomBytes(15).toString("base64url")): Device {
		const profile = this.#profiles.ensure(info.type ?? "default");
		const device = new Device(this.#clock, info, token, profile);
		this.#byId.set(device.id, device);
		this.onCreated(device);
		return device;
	}

	byId(id: string): Device | undefined {
		return this.#byId.get(id);
	}

	byName(name: string): Device | undefined {
		return this.all().find(({ info }) => info.name === name);
	}

	byToken(token: string): Device | undefined {
		return this.all().find((device) => device.token === token);
	}

	all(): Device[] {
		return [...this.#byId.values()];
	}

	/** Forgets the device and closes its session at once. */
	delete(device: Device): void {
		this.#byId.delete(device.id);
		device.session?.close("device deleted");
	}
}
