// What an unknown device is answered (JsonConverter.toJson, ProvisionDeviceResponseMsg).
import type { Credentials } from "../credentials.ts";
import { quote } from "../json.ts";
import { bytesField, integerField } from "../protobuf.ts";
import { credentialsTypes } from "./request.ts";

/** How a request ended. */
export type ProvisionResponse =
	| { status: "SUCCESS"; credentials: Credentials }
	| { status: "NOT_FOUND" }
	| { status: "FAILURE" };

const messages = { NOT_FOUND: "Provision data was not found!", FAILURE: "Failed to provision device!" };

/** Numbers of ResponseStatus; 0 is UNKNOWN. */
const statuses = { SUCCESS: 1, NOT_FOUND: 2, FAILURE: 3 };

/** The response as JSON text. */
export function jsonResponse(response: ProvisionResponse): string {
	if (response.status !== "SUCCESS")
		return `{"errorMsg":${quote(messages[response.status])},"status":"${response.status}"}`;
	const { credentials } = response;
	const value =
		credentials.type === "MQTT_BASIC" ? credentialsValue(credentials) : quote(credentialsValue(credentials));
	return `{"credentialsValue":${value},"credentialsType":"${credentials.type}","status":"SUCCESS"}`;
}

/** The response as protobuf. */
export function protobufResponse(response: ProvisionResponse): Uint8Array {
	const status = integerField(1, statuses[response.status]);
	if (response.status !== "SUCCESS") return status;
	const { credentials } = response;
	const type = integerField(2, credentialsTypes.indexOf(credentials.type));
	return Buffer.concat([status, type, bytesField(3, credentialsValue(credentials))]);
}

/** A token, a certificate's text, or the object of MQTT_BASIC; what is unset there is null. */
function credentialsValue(credentials: Credentials): string {
	if (credentials.type === "ACCESS_TOKEN") return credentials.token;
	if (credentials.type === "X509_CERTIFICATE") return credentials.certificate;
	const { clientId = null, userName = null, password = null } = credentials;
	return JSON.stringify({ clientId, userName, password });
}
