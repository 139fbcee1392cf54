// Who may introduce itself, and as what (DeviceProvisionServiceImpl, DeviceServiceImpl.saveDevice).
import { randomBytes } from "node:crypto";
import type { Core } from "../core.ts";
import type { Credentials } from "../credentials.ts";
import type { Device } from "../devices.ts";
import type { DeviceProfile } from "../profiles.ts";
import { stringValue } from "../values.ts";
import type { ProvisionRequest } from "./request.ts";
import type { ProvisionResponse } from "./response.ts";

/** Length of a name that the server invents, characters. */
const inventedLength = 20;

/** Decides. `undefined` where the server's back end breaks and never answers: a profile for certificate chains. */
export function provision(core: Core, request: ProvisionRequest): ProvisionResponse | undefined {
	const name = request.deviceName.trim();
	if (request.deviceName && !name) return { status: "FAILURE" };
	const profile = request.secret ? core.profiles.byProvisionKey(request.key) : undefined;
	if (!profile || profile.provision.secret === null) return { status: "NOT_FOUND" };
	if (profile.provision.strategy === "X509_CERTIFICATE_CHAIN") return undefined;
	if (request.secret !== profile.provision.secret) return { status: "NOT_FOUND" };
	if (profile.provision.strategy === "ALLOW_CREATE_NEW_DEVICES")
		return create(core, profile, { ...request, deviceName: name });
	if (profile.provision.strategy === "CHECK_PRE_PROVISIONED_DEVICES") return confirm(core, profile, name);
	return { status: "NOT_FOUND" };
}

/** A free name and free credentials make a device. */
function create(core: Core, profile: DeviceProfile, request: ProvisionRequest): ProvisionResponse {
	const name = request.deviceName || invented();
	const credentials = credentialsOf(request);
	if (core.devices.byName(name) || credentials === "unfit") return { status: "FAILURE" };
	const info = request.gateway ? { additionalInfo: { gateway: true } } : {};
	try {
		return provisioned(core.devices.create({ name, type: profile.name, ...info }, credentials));
	} catch {
		return { status: "FAILURE" }; // used elsewhere, or such as the server does not store
	}
}

/** A device that waits for its first contact gets the credentials it has; those of the request do not count. */
function confirm(core: Core, profile: DeviceProfile, name: string): ProvisionResponse {
	const device = core.devices.byName(name);
	if (device?.profile !== profile) return { status: "FAILURE" };
	if (device.attributes.SERVER_SCOPE.has("provisionState")) return { status: "FAILURE" };
	return provisioned(device);
}

function provisioned(device: Device): ProvisionResponse {
	device.saveAttributes("SERVER_SCOPE", new Map([["provisionState", stringValue("provisioned")]]));
	return { status: "SUCCESS", credentials: device.credentials };
}

/** `undefined`: none were named, the server makes a token. */
function credentialsOf(request: ProvisionRequest): Credentials | "unfit" | undefined {
	const { credentialsType, token, certificate, clientId, userName, password } = request;
	if (!token && !certificate && !clientId && !userName && !password) return undefined;
	if (credentialsType === "ACCESS_TOKEN" && token) return { type: "ACCESS_TOKEN", token };
	if (credentialsType === "X509_CERTIFICATE" && certificate) return { type: "X509_CERTIFICATE", certificate };
	if (credentialsType === "MQTT_BASIC") return { type: "MQTT_BASIC", clientId, userName, password };
	return "unfit";
}

function invented(): string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	return Array.from(randomBytes(inventedLength), (byte) => alphabet[byte % alphabet.length]).join("");
}
