import { randomBytes } from "node:crypto";
import type { Clock } from "./clock.ts";
import { type Credentials, credentialsId } from "./credentials.ts";
import { Device, type DeviceInfo } from "./device.ts";
import type { DeviceProfile, Profiles } from "./profiles.ts";
import type { RpcSettings } from "./rpc.ts";

export {
	Device,
	type DeviceInfo,
	type DeviceSession,
	isGateway,
	type Scope,
	scopes,
	type Watcher,
} from "./device.ts";
export type { Point } from "./series.ts";

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
	#byName = new Map<string, Device>();
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
		this.#keep(device, id);
		this.onCreated(device);
		return device;
	}

	/** Saves what a tenant says of a device. That the name is free is the caller's to check. */
	update(device: Device, info: DeviceInfo): void {
		const { name } = device.info;
		device.info = info;
		if (info.name === name) return;
		this.#forget(device, name);
		this.#byName.set(info.name, device);
		this.onRenamed(device, name);
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
		return this.#byName.get(name);
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
		this.#keep(device, credentialsId(credentials));
		return device;
	}

	/** Forgets the device and closes its session at once. */
	delete(device: Device): void {
		this.#byId.delete(device.id);
		this.#byCredentials.delete(credentialsId(device.credentials));
		this.#forget(device, device.info.name);
		device.session?.close("device deleted", administrative);
		this.onDeleted(device);
	}

	#keep(device: Device, credentials: string): void {
		this.#byId.set(device.id, device);
		this.#byCredentials.set(credentials, device);
		this.#byName.set(device.info.name, device);
	}

	/** The name is free again, unless another device has it by now. */
	#forget(device: Device, name: string): void {
		if (this.#byName.get(name) === device) this.#byName.delete(name);
	}

	#free(credentials: Credentials, but?: Device): string {
		const id = credentialsId(credentials);
		const holder = this.#byCredentials.get(id);
		if (holder && holder !== but)
			throw new Error("Device credentials are already assigned to another device!");
		return id;
	}
}
