import { randomBytes, randomUUID } from "node:crypto";
import { Budget, overhead } from "./budget.ts";
import type { Clock } from "./clock.ts";
import { type Credentials, credentialsId } from "./credentials.ts";
import { Armed } from "./faults/armed.ts";
import { quote } from "./json.ts";
import type { DeviceProfile, Profiles } from "./profiles.ts";
import { RpcQueue, type RpcSettings, type RpcTarget } from "./rpc.ts";
import { type Point, Series } from "./series.ts";
import type { Row } from "./telemetry.ts";
import { type Value, valuesJson } from "./values.ts";

export type { Point } from "./series.ts";

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
	readonly attributes: Record<Scope, Map<string, Point>> = {
		CLIENT_SCOPE: new Map(),
		SHARED_SCOPE: new Map(),
		SERVER_SCOPE: new Map(),
	};
	readonly series = new Series();
	readonly watchers = new Set<Watcher>();
	#clock: Clock;
	#clientBudget = new Budget(
		() => this.#clientSize(),
		() => this.#forgetClient(),
	);

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
		for (const [key, value] of values) this.attributes[scope].set(key, { ts, value });
		if (scope === "CLIENT_SCOPE") this.#bound(values);
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

	/** Client attributes come from the device: without end, if it likes. The oldest are forgotten. */
	#bound(values: Map<string, Value>): void {
		for (const [key, { text }] of values) this.#clientBudget.add(key.length + text.length + overhead);
	}

	#clientSize(): number {
		let size = 0;
		for (const [key, { value }] of this.attributes.CLIENT_SCOPE)
			size += key.length + value.text.length + overhead;
		return size;
	}

	#forgetClient(): void {
		const scope = this.attributes.CLIENT_SCOPE;
		for (const key of [...scope.keys()].slice(0, (scope.size + 1) >> 1)) scope.delete(key);
	}
}

/** What outlives the server of a device, besides attributes. */
export type SavedDevice = Pick<
	Device,
	"id" | "createdTime" | "info" | "credentials" | "customerId" | "firmwareId" | "softwareId"
>;

/** Reason code of a session that ends because its device was deleted or got other credentials: administrative action. */
const administrative = 0x98;

/** The tenant's devices. */
export class Devices {
	#clock: Clock;
	#settings: Readonly<RpcSettings>;
	#profiles: Profiles;
	#byId = new Map<string, Device>();
	#byCredentials = new Map<string, Device>();
	/** Called with each new device. */
	onCreated: (device: Device) => void = () => undefined;
	/** Called after a device got another name. */
	onRenamed: (device: Device, oldName: string) => void = () => undefined;
	/** Called after a device was deleted. */
	onDeleted: (device: Device) => void = () => undefined;

	constructor(clock: Clock, settings: Readonly<RpcSettings>, profiles: Profiles) {
		this.#clock = clock;
		this.#settings = settings;
		this.#profiles = profiles;
	}

	/**
	 * Makes a device in the profile that its type names, which is made too when there is none. `credentials`: a string is an access
	 * token; without any it gets a token of 20 random characters, as on the server. Throws when they are in use or could not be stored.
	 */
	create(
		info: DeviceInfo,
		credentials: Credentials | string = randomBytes(15).toString("base64url"),
	): Device {
		const own: Credentials =
			typeof credentials === "string" ? { type: "ACCESS_TOKEN", token: credentials } : credentials;
		const id = this.#free(own);
		const device = new Device(
			this.#clock,
			this.#settings,
			info,
			this.#profiles.ensure(info.type ?? "default"),
			own,
		);
		this.#byId.set(device.id, device);
		this.#byCredentials.set(id, device);
		this.onCreated(device);
		return device;
	}

	/** Saves what a tenant says of a device. That the name is free is the caller's to check. */
	update(device: Device, info: DeviceInfo): void {
		const { name } = device.info;
		device.info = info;
		if (info.name !== name) this.onRenamed(device, name);
	}

	/** Gives the device other credentials and closes its session at once. Throws as `create` does. */
	setCredentials(device: Device, credentials: Credentials): void {
		const id = this.#free(credentials, device);
		this.#byCredentials.delete(credentialsId(device.credentials));
		this.#byCredentials.set(id, device);
		device.credentials = credentials;
		device.session?.close("its credentials were changed", administrative);
	}

	byId(id: string): Device | undefined {
		return this.#byId.get(id);
	}

	byName(name: string): Device | undefined {
		return this.all().find(({ info }) => info.name === name);
	}

	/** By what the credentials are filed under: an access token, or a hash (`credentialsId`). */
	byCredentialsId(id: string): Device | undefined {
		return this.#byCredentials.get(id);
	}

	all(): Device[] {
		return [...this.#byId.values()];
	}

	/** Takes over a device of an earlier run, with its id; its profile must be there. Nobody is told. */
	restore(saved: SavedDevice, profile: DeviceProfile): Device {
		const { id, createdTime, info, credentials, ...rest } = saved;
		const device = new Device(this.#clock, this.#settings, info, profile, credentials);
		Object.assign(device, { id, createdTime }, rest);
		this.#byId.set(id, device);
		this.#byCredentials.set(credentialsId(credentials), device);
		return device;
	}

	/** Forgets the device and closes its session at once. */
	delete(device: Device): void {
		this.#byId.delete(device.id);
		this.#byCredentials.delete(credentialsId(device.credentials));
		device.session?.close("device deleted", administrative);
		this.onDeleted(device);
	}

	#free(credentials: Credentials, but?: Device): string {
		const id = credentialsId(credentials);
		const holder = this.#byCredentials.get(id);
		if (holder && holder !== but)
			throw new Error("Device credentials are already assigned to another device!");
		return id;
	}
}
