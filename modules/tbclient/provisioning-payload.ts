// What a device asks `/provision/request`, and what the answer says. ThingsBoard closes on a null field, so that nothing unset is sent.
import type { JSONObject, JSONValue } from "host/contract";
import type { Credentials } from "tbclient/credentials";
import { reasonOf, TBError } from "tbclient/errors";
import { parseObject } from "tbclient/payload";

/** Credentials that a device brings along. `certificate`: PEM or its base64 body, for X509_CERTIFICATE; excludes the others. */
export interface OwnCredentials extends Credentials {
	certificate?: string;
}

/** What provisioning needs to know. */
export interface ProvisioningRequest {
	/** `provisionDeviceKey` of the device profile. */
	key: string;
	/** `provisionDeviceSecret` of the device profile. */
	secret: string;
	/** Name of the device; the server invents one of 20 letters and digits where there is none. */
	deviceName?: string;
	/** The new device becomes a gateway. */
	gateway?: boolean;
	/**
	 * Credentials of the device's own making. They are kept before they are asked for, so that an answer that gets lost costs nothing.
	 * Without them the server makes an access token; if its answer is lost, the name is taken and nobody has the token.
	 */
	credentials?: OwnCredentials;
}

/** The payload of a request. @throws TypeError for a key or secret that is no text, and for a certificate beside other credentials. */
export function requestOf({
	key,
	secret,
	deviceName,
	gateway,
	credentials = {},
}: ProvisioningRequest): string {
	for (const [name, value] of Object.entries({ key, secret }))
		if (typeof value !== "string" || !value)
			throw new TypeError(
				`${name}: expected what the device profile has, got ${value === "" ? '""' : typeof value}`,
			);
	return JSON.stringify({
		provisionDeviceKey: key,
		provisionDeviceSecret: secret,
		...(deviceName && { deviceName }),
		...fieldsOf(credentials),
		...(gateway !== undefined && { gateway }),
	});
}

function fieldsOf({ token, clientId, userName, password, certificate }: OwnCredentials): JSONObject {
	const basic = clientId || userName;
	if (Number(!!token) + Number(!!basic) + Number(!!certificate) > 1)
		throw new TypeError(
			"credentials: expected a token, or a client id and user name, or a certificate, got several",
		);
	if (certificate) return { credentialsType: "X509_CERTIFICATE", hash: certificate }; // the field's name misleads: it takes the certificate
	if (token) return { credentialsType: "ACCESS_TOKEN", token };
	if (!basic) return {};
	return {
		credentialsType: "MQTT_BASIC",
		...(clientId && { clientId }),
		...(userName && { username: userName }),
		...(password && { password }),
	};
}

/**
 * The credentials in an answer; empty for X509_CERTIFICATE, which the TLS socket has. @throws TBError TB_PROVISION: the status is not
 * SUCCESS, or the answer is none.
 */
export function credentialsIn(bytes: ArrayBuffer): Credentials {
	let answer: JSONObject;
	try {
		answer = parseObject(String.fromArrayBuffer(bytes));
	} catch (error) {
		throw new TBError("TB_PROVISION", `provision: expected a JSON object, got ${reasonOf(error)}`, error);
	}
	const { status, errorMsg, credentialsType, credentialsValue } = answer;
	if (status !== "SUCCESS")
		throw new TBError(
			"TB_PROVISION",
			`provision: expected SUCCESS, got ${status} (${errorMsg ?? "no reason"})`,
		);
	const credentials = read(credentialsType, credentialsValue);
	if (credentials) return credentials;
	throw new TBError("TB_PROVISION", `provision: expected credentials for MQTT, got ${credentialsType}`);
}

function read(type: JSONValue | undefined, value: JSONValue | undefined): Credentials | undefined {
	if (type === "X509_CERTIFICATE") return {};
	if (type === "ACCESS_TOKEN") return typeof value === "string" && value ? { token: value } : undefined;
	if (type !== "MQTT_BASIC" || typeof value !== "object" || value === null || Array.isArray(value))
		return undefined;
	const { clientId, userName, password } = value; // what is unset comes as null or ""
	return {
		...(typeof clientId === "string" && clientId && { clientId }),
		...(typeof userName === "string" && userName && { userName }),
		...(typeof password === "string" && password && { password }),
	};
}
