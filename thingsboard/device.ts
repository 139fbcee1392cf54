import { randomUUID } from "node:crypto";
import { Attributes } from "./attributes.ts";
import type { Clock } from "./clock.ts";
import type { Credentials } from "./credentials.ts";
import { Armed } from "./faults/armed.ts";
import { quote } from "./json.ts";
import type { DeviceProfile } from "./profiles.ts";
import { RpcQueue, type RpcSettings, type RpcTarget } from "./rpc.ts";
import { Series } from "./series.ts";
import type { Row } from "./telemetry.ts";
import { type Value, valuesJson } from "./values.ts";

export const scopes = ["CLIENT_SCOPE", "SHARED_SCOPE", "SERVER_SCOPE"] as const;
export type Scope = (typeof scopes)[number];

/** What a device knows of its connection. */
export interface DeviceSession extends RpcTarget {
	readonly wantsAttributes: boolean;
	publishAttributes(text: string): void;
	/** Any PUBLISH, sane or not. */
	publish(topic: string, payload: Uint8Array): void;
	/** Ends it; at MQTT 5 with that reason code. */
	close(why: string, code: number): void;
	/** Ends it without a word. */
	drop(why: string): void;
	/** Armed faults that wait for no packet (`takeOver`, `nextId`) strike now. */
	strike(): void;
	/** Nothing is heard or said any more, and the other side is not told. */
	silence(): void;
}

/** What a tenant says when it saves a device. */
export interface DeviceInfo {
	name: string;
	type?: string;
	label?: string | null;
	additionalInfo?: unknown;
}

/** Whether the device is a gateway now; a session asks once, when it begins (checkGatewaySession). */
export const isGateway = ({ info }: Pick<Device, "info">): boolean =>
	(info.additionalInfo as { gateway?: unknown } | null | undefined)?.gateway === true;

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
	/** What `info.type` names. */
	profile: DeviceProfile;
	credentials: Credentials;
	/** The customer it belongs to, once claimed or assigned. */
	customerId: string | null = null;
	firmwareId: string | null = null;
	softwareId: string | null = null;
	session: DeviceSession | undefined;
	readonly faults = new Armed();
	readonly rpc: RpcQueue;
	readonly attributes: Record<Scope, Attributes> = {
		CLIENT_SCOPE: new Attributes(),
		SHARED_SCOPE: new Attributes(),
		SERVER_SCOPE: new Attributes(),
	};
	readonly series = new Series();
	readonly watchers = new Set<Watcher>();
	#clock: Clock;

	constructor(
		clock: Clock,
		settings: Readonly<RpcSettings>,
		info: DeviceInfo,
		profile: DeviceProfile,
		credentials: Credentials,
	) {
		this.#clock = clock;
		this.createdTime = clock.now();
		this.info = info;
		this.profile = profile;
		this.credentials = credentials;
		this.rpc = new RpcQueue(clock, settings);
	}

	/** Stores telemetry; a point of the same moment is replaced. */
	store(rows: Row[]): void {
		for (const { ts, values } of rows) for (const [key, value] of values) this.series.put(key, { ts, value });
		for (const watcher of this.watchers) watcher.telemetry(rows);
	}

	/** Stores attributes; a shared scope is pushed to a subscribed session, all keys in one message. */
	saveAttributes(scope: Scope, values: Map<string, Value>): void {
		const ts = this.#clock.now();
		for (const [key, value] of values) this.attributes[scope].put(key, { ts, value });
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
}
