// What an unknown device says of itself, in JSON or protobuf (JsonConverter, ProtoConverter).
import { asBoolean, asString } from "../gson.ts";
import { type Json, parseJson } from "../json.ts";
import { Message } from "../protobuf.ts";

/** CredentialsType, in the order of its protobuf numbers. */
export const credentialsTypes = [
	"ACCESS_TOKEN",
	"X509_CERTIFICATE",
	"MQTT_BASIC",
	"LWM2M_CREDENTIALS",
] as const;

export type CredentialsType = (typeof credentialsTypes)[number];

/** A request; what is not given is "". */
export interface ProvisionRequest {
	key: string;
	secret: string;
	deviceName: string;
	credentialsType: CredentialsType;
	token: string;
	clientId: string;
	userName: string;
	password: string;
	/** The certificate's text, despite the name of its member, `hash`. */
	certificate: string;
	gateway: boolean;
}

/** Members that the server did not think of: null, a missing key, an unknown type. It acknowledges and closes. */
export class ProvisionError extends Error {}

/** Reads JSON; `undefined` for what is no JSON object. Throws `ProvisionError`. */
export function readJsonRequest(text: string): ProvisionRequest | undefined {
	let root: Json;
	try {
		root = parseJson(text);
	} catch (error) {
		if (error instanceof SyntaxError) return undefined;
		throw error;
	}
	return root instanceof Map ? fromMembers(root) : undefined;
}

/** Reads protobuf. Throws `ProtobufError`. */
export function readProtobufRequest(bytes: Uint8Array): ProvisionRequest {
	const root = new Message(bytes);
	const keys = root.message(3);
	const credentials = root.message(4);
	const basic = credentials.message(3);
	return {
		deviceName: root.text(1),
		credentialsType: credentialsTypes[Number(root.integer(2))] ?? "ACCESS_TOKEN",
		key: keys.text(1),
		secret: keys.text(2),
		token: credentials.message(1).text(1),
		certificate: credentials.message(2).text(1),
		clientId: basic.text(1),
		userName: basic.text(2),
		password: basic.text(3),
		gateway: root.integer(5) !== 0n,
	};
}

function fromMembers(members: Map<string, Json>): ProvisionRequest {
	try {
		const text = (name: string) => (members.has(name) ? asString(members.get(name)) : "");
		return {
			deviceName: text("deviceName"),
			credentialsType: typeNamed(text("credentialsType") || noType(members)),
			token: text("token"),
			clientId: text("clientId"),
			userName: text("username"),
			password: text("password"),
			certificate: text("hash"),
			key: asString(members.get("provisionDeviceKey")),
			secret: asString(members.get("provisionDeviceSecret")),
			gateway: members.has("gateway") && asBoolean(members.get("gateway")),
		};
	} catch (error) {
		throw new ProvisionError(`provision request: ${(error as Error).message}`);
	}
}

const noType = (members: Map<string, Json>): string => (members.has("credentialsType") ? "" : "ACCESS_TOKEN");

function typeNamed(name: string): CredentialsType {
	const type = credentialsTypes.find((known) => known === name);
	if (type) return type;
	throw new ProvisionError(`credentialsType: expected one of ${credentialsTypes.join(", ")}, got "${name}"`);
}
