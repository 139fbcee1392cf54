// The nested part of a device profile (DeviceProfileData): transport and provisioning.
import { certificateBody, credentialsId } from "../credentials.ts";
import {
	type DeviceProfile,
	type Provision,
	type ProvisionStrategy,
	provisionStrategies,
	type Transport,
} from "../profiles.ts";
import { badRequest } from "./errors.ts";

type Members = Record<string, unknown>;

const transports: readonly Transport["type"][] = ["DEFAULT", "MQTT", "COAP", "LWM2M", "SNMP"];
const topics = ["deviceTelemetryTopic", "deviceAttributesTopic", "deviceAttributesSubscribeTopic"] as const;

/** `profileData` as ThingsBoard shows it. */
export function profileData({ transport, provision }: DeviceProfile): object {
	return {
		configuration: { type: "DEFAULT" },
		transportConfiguration: transportBody(transport),
		provisionConfiguration: provisionBody(provision),
		alarms: null,
	};
}

/** What a tenant says when it saves a profile. Throws a 400. */
export function readProfile(body: Members): {
	name: string;
	description: string | null;
	provision: Provision;
	transport: Transport;
} {
	const { name, type, transportType, description } = body;
	if (typeof name !== "string" || !name) throw badRequest("Device profile name should be specified!");
	if (type !== "DEFAULT") throw badRequest("Device profile type should be specified!");
	const transport = transports.find((known) => known === transportType);
	if (!transport) throw badRequest("Device profile transport type should be specified!");
	const data = object(body.profileData, "profileData");
	return {
		name,
		description: text(description),
		provision: readProvision(body, object(data.provisionConfiguration ?? {}, "provisionConfiguration")),
		transport: readTransport(transport, object(data.transportConfiguration, "transportConfiguration")),
	};
}

function transportBody(transport: Transport): object {
	const { type, payloadType, sendAckOnValidationException } = transport;
	if (type !== "MQTT") return { type };
	const { enableCompatibilityWithJsonPayloadFormat, useJsonPayloadFormatForDefaultDownlinkTopics } =
		transport;
	const proto = { enableCompatibilityWithJsonPayloadFormat, useJsonPayloadFormatForDefaultDownlinkTopics };
	return {
		type,
		...Object.fromEntries(topics.map((name) => [name, transport[name]])),
		transportPayloadTypeConfiguration: {
			transportPayloadType: payloadType,
			...(payloadType === "PROTOBUF" ? proto : {}),
		},
		sparkplug: false,
		sendAckOnValidationException,
	};
}

function readTransport(type: Transport["type"], body: Members): Transport {
	if (body.sparkplug === true) throw badRequest("sparkplug: this stand-in has none");
	const payload = object(body.transportPayloadTypeConfiguration ?? {}, "transportPayloadTypeConfiguration");
	const [telemetry, attributes, subscribe] = topics.map((name) => topic(type, body, name));
	return {
		type,
		deviceTelemetryTopic: telemetry ?? "v1/devices/me/telemetry",
		deviceAttributesTopic: attributes ?? "v1/devices/me/attributes",
		deviceAttributesSubscribeTopic: subscribe ?? "v1/devices/me/attributes",
		payloadType: payload.transportPayloadType === "PROTOBUF" ? "PROTOBUF" : "JSON",
		enableCompatibilityWithJsonPayloadFormat: payload.enableCompatibilityWithJsonPayloadFormat === true,
		useJsonPayloadFormatForDefaultDownlinkTopics:
			payload.useJsonPayloadFormatForDefaultDownlinkTopics === true,
		sendAckOnValidationException: body.sendAckOnValidationException === true,
	};
}

/** A filter with `#` only at its end and wildcards only as whole levels (MqttTopicFilter). */
function topic(type: Transport["type"], body: Members, name: (typeof topics)[number]): string | undefined {
	const value = body[name];
	if (type !== "MQTT" || value === undefined || value === null) return undefined;
	if (typeof value !== "string" || !value) throw badRequest(`${name}: expected a topic filter`);
	const levels = value.split("/");
	const wrong = levels.find(
		(level, i) => /[+#]/.test(level) && level !== "+" && !(level === "#" && i === levels.length - 1),
	);
	if (wrong !== undefined)
		throw badRequest(`${name}: expected wildcards as whole levels, got ${JSON.stringify(value)}`);
	return value;
}

function provisionBody({ strategy, secret, ...x509 }: Provision): object {
	const body = { type: strategy, provisionDeviceSecret: secret };
	if (strategy !== "X509_CERTIFICATE_CHAIN") return body;
	const { certificateRegExPattern, allowCreateNewDevicesByX509Certificate } = x509;
	return { ...body, certificateRegExPattern, allowCreateNewDevicesByX509Certificate };
}

function readProvision(body: Members, configuration: Members): Provision {
	const strategy = (body.provisionType ?? "DISABLED") as ProvisionStrategy;
	if (!provisionStrategies.includes(strategy))
		throw badRequest(`provisionType: expected one of ${provisionStrategies.join(", ")}`);
	const secret = text(configuration.provisionDeviceSecret);
	const certificate = strategy === "X509_CERTIFICATE_CHAIN" ? certificateBody(secret ?? "") : "";
	return {
		strategy,
		// Of a CA's certificate the key is its hash, whatever was said (DeviceProfileServiceImpl).
		key: certificate
			? credentialsId({ type: "X509_CERTIFICATE", certificate })
			: text(body.provisionDeviceKey),
		secret: certificate || secret,
		certificateRegExPattern: text(configuration.certificateRegExPattern) ?? "",
		allowCreateNewDevicesByX509Certificate: configuration.allowCreateNewDevicesByX509Certificate === true,
	};
}

function object(value: unknown, what: string): Members {
	if (typeof value === "object" && value && !Array.isArray(value)) return value as Members;
	throw badRequest(`${what}: expected an object`);
}

const text = (value: unknown): string | null => (typeof value === "string" && value ? value : null);
