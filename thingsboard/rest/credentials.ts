// Device credentials over REST (DeviceController, DeviceCredentialsServiceImpl).
import type { FastifyInstance } from "fastify";
import type { Core } from "../core.ts";
import { type Credentials, certificateBody, credentialsId } from "../credentials.ts";
import type { Device } from "../devices.ts";
import { deviceIn, deviceOf } from "./access.ts";
import { customer } from "./auth.ts";
import { objectBody } from "./body.ts";
import { deviceBody, save } from "./devices.ts";
import { badRequest, refusing } from "./errors.ts";
import { idOf, reference } from "./ids.ts";

type Members = Record<string, unknown>;

/** Routes that read and change what a device proves itself with. */
export function credentialsRoutes(app: FastifyInstance, core: Core): void {
	app.get("/api/device/:id/credentials", customer, async (request) =>
		credentialsBody(deviceIn(core, request)),
	);
	app.post("/api/device/credentials", async (request) => {
		const body = objectBody(request);
		const device = deviceOf(core, request.user, idOf(body.deviceId) ?? "");
		if (idOf(body.id) === undefined) throw badRequest("Credentials for this device are already specified!");
		if (idOf(body.id) !== device.id) throw badRequest("Unable to update non-existent device credentials!");
		refusing(() => core.devices.setCredentials(device, readCredentials(body)));
		return credentialsBody(device);
	});
	app.post("/api/device-with-credentials", customer, async (request) => {
		const { device, credentials } = objectBody(request);
		const own = readCredentials(members(credentials, "credentials"));
		return deviceBody(save(core, members(device, "device"), request, own));
	});
}

/** Credentials as ThingsBoard shows them. */
function credentialsBody({ id, createdTime, credentials }: Device): object {
	return {
		id: { id },
		createdTime,
		deviceId: reference("DEVICE", id),
		credentialsType: credentials.type,
		credentialsId: credentialsId(credentials),
		credentialsValue: secretOf(credentials),
	};
}

function secretOf(credentials: Credentials): string | null {
	if (credentials.type === "ACCESS_TOKEN") return null;
	if (credentials.type === "X509_CERTIFICATE") return certificateBody(credentials.certificate);
	const { clientId = null, userName = null, password = null } = credentials;
	return JSON.stringify({ clientId, userName, password });
}

/** What a tenant says when it saves credentials. Throws a 400. */
function readCredentials({ credentialsType, credentialsId, credentialsValue }: Members): Credentials {
	if (credentialsType === "ACCESS_TOKEN") {
		if (typeof credentialsId !== "string" || !credentialsId)
			throw badRequest("Device credentials id should be specified!");
		return { type: credentialsType, token: printable(credentialsId, "credentialsId") };
	}
	if (credentialsType === "MQTT_BASIC") return readBasic(credentialsValue);
	if (credentialsType !== "X509_CERTIFICATE") throw badRequest("Device credentials type should be specified");
	if (typeof credentialsValue !== "string" || !certificateBody(credentialsValue))
		throw badRequest("Device credentials value should be specified!");
	return { type: credentialsType, certificate: credentialsValue };
}

function readBasic(value: unknown): Credentials {
	let body: Members;
	try {
		body = members(JSON.parse(String(value)), "value");
	} catch {
		throw badRequest("Invalid credentials body for simple mqtt credentials!");
	}
	const parts = (["clientId", "userName", "password"] as const).flatMap((name) => {
		const text = body[name];
		return typeof text === "string" && text ? [[name, printable(text, name)]] : [];
	});
	return { type: "MQTT_BASIC", ...Object.fromEntries(parts) };
}

function printable(text: string, name: string): string {
	if (/\p{Cc}/u.test(text)) throw badRequest(`${name} must not contain control characters!`);
	return text;
}

function members(value: unknown, what: string): Members {
	if (typeof value === "object" && value && !Array.isArray(value)) return value as Members;
	throw badRequest(`${what}: expected an object`);
}
