import { randomUUID } from "node:crypto";
import type { Clock } from "./clock.ts";

/** DeviceProfileProvisionType. */
export const provisionStrategies = [
	"DISABLED",
	"ALLOW_CREATE_NEW_DEVICES",
	"CHECK_PRE_PROVISIONED_DEVICES",
	"X509_CERTIFICATE_CHAIN",
] as const;

export type ProvisionStrategy = (typeof provisionStrategies)[number];

/** How unknown devices may introduce themselves. */
export interface Provision {
	strategy: ProvisionStrategy;
	/** `provisionDeviceKey`; with X509_CERTIFICATE_CHAIN the hash of the CA's certificate. Unique in the tenant. */
	key: string | null;
	/** `provisionDeviceSecret`; with X509_CERTIFICATE_CHAIN the CA's certificate. */
	secret: string | null;
	/** X509_CERTIFICATE_CHAIN: group 1 of it, applied to the leaf's common name, is the device's name. */
	certificateRegExPattern: string;
	allowCreateNewDevicesByX509Certificate: boolean;
}

/** MqttDeviceProfileTransportConfiguration. A profile of type DEFAULT always means JSON on the v1 topics. */
export interface Transport {
	type: "DEFAULT" | "MQTT" | "COAP" | "LWM2M" | "SNMP";
	/** Filters that replace the v1 publish topics and may hold `+` and `#`. */
	deviceTelemetryTopic: string;
	deviceAttributesTopic: string;
	deviceAttributesSubscribeTopic: string;
	payloadType: "JSON" | "PROTOBUF";
	/** Uplink: protobuf is tried first, then JSON. */
	enableCompatibilityWithJsonPayloadFormat: boolean;
	/** Downlink on v1 topics as JSON; needs the former. */
	useJsonPayloadFormatForDefaultDownlinkTopics: boolean;
	/** A payload that cannot be read is acknowledged and dropped instead of ending the connection. */
	sendAckOnValidationException: boolean;
}

/** What the devices of one type have in common. */
export interface DeviceProfile {
	readonly id: string;
	readonly createdTime: number;
	name: string;
	description: string | null;
	/** The one that devices without a type get. */
	default: boolean;
	provision: Provision;
	transport: Transport;
	/** The packages of devices that have none of their own. */
	firmwareId: string | null;
	softwareId: string | null;
}

/** Id of the profile that every tenant starts with. */
export const defaultProfileId = "13814000-1dd2-11b2-8080-808080808081";

const noProvision: Readonly<Provision> = {
	strategy: "DISABLED",
	key: null,
	secret: null,
	certificateRegExPattern: "",
	allowCreateNewDevicesByX509Certificate: false,
};

const defaultTransport: Readonly<Transport> = {
	type: "DEFAULT",
	deviceTelemetryTopic: "v1/devices/me/telemetry",
	deviceAttributesTopic: "v1/devices/me/attributes",
	deviceAttributesSubscribeTopic: "v1/devices/me/attributes",
	payloadType: "JSON",
	enableCompatibilityWithJsonPayloadFormat: false,
	useJsonPayloadFormatForDefaultDownlinkTopics: false,
	sendAckOnValidationException: false,
};

/** The transport as it counts on the wire. */
export const transportOf = ({ transport }: DeviceProfile): Readonly<Transport> =>
	transport.type === "MQTT" ? transport : defaultTransport;

/** What may be said of a new profile; the rest has the server's defaults. */
export interface ProfileInfo {
	name: string;
	description?: string | null;
	provision?: Partial<Provision>;
	transport?: Partial<Transport>;
}

/** The tenant's device profiles. There is always a default one. */
export class Profiles {
	#clock: Clock;
	#byId = new Map<string, DeviceProfile>();

	constructor(clock: Clock) {
		this.#clock = clock;
		this.#add({ name: "default" }, defaultProfileId).default = true;
	}

	/** Makes a profile. Its name must be free: ask `byName` first. */
	create(info: ProfileInfo): DeviceProfile {
		return this.#add(info, randomUUID());
	}

	/** The profile of that name, made when there is none: what a device's `type` does. */
	ensure(name: string): DeviceProfile {
		return this.byName(name) ?? this.create({ name });
	}

	/** Takes over a profile of an earlier run. */
	restore(saved: DeviceProfile): void {
		this.#byId.set(saved.id, saved);
	}

	byId(id: string): DeviceProfile | undefined {
		return this.#byId.get(id);
	}

	byName(name: string): DeviceProfile | undefined {
		return this.all().find((profile) => profile.name === name);
	}

	/** The profile that devices name by `provisionDeviceKey`. */
	byProvisionKey(key: string): DeviceProfile | undefined {
		return key ? this.all().find(({ provision }) => provision.key === key) : undefined;
	}

	all(): DeviceProfile[] {
		return [...this.#byId.values()];
	}

	/** Forgets a profile. Whether devices still use it is the caller's to check. */
	delete(profile: DeviceProfile): void {
		this.#byId.delete(profile.id);
	}

	#add({ name, description = null, provision, transport }: ProfileInfo, id: string): DeviceProfile {
		const profile: DeviceProfile = {
			id,
			createdTime: this.#clock.now(),
			name,
			description,
			default: false,
			provision: { ...noProvision, ...provision },
			transport: { ...defaultTransport, ...transport },
			firmwareId: null,
			softwareId: null,
		};
		this.#byId.set(id, profile);
		return profile;
	}
}
