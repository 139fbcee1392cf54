// DeviceController and DeviceProfileController, as far as one tenant with one profile needs them.
import type { FastifyInstance } from "fastify";
import type { Core } from "../core.ts";
import { credentialsId } from "../credentials.ts";
import type { Device, DeviceInfo } from "../devices.ts";
import { assign, type Kind } from "../offers.ts";
import { objectBody, param, query } from "./body.ts";
import { badRequest, found } from "./errors.ts";

/** The only device profile. */
export const profileId = { entityType: "DEVICE_PROFILE", id: "13814000-1dd2-11b2-8080-808080808081" };
/** The only tenant. */
export const tenantId = { entityType: "TENANT", id: "13814000-1dd2-11b2-8080-808080808082" };
/** ThingsBoard's id of "no customer". */
const customerId = { entityType: "CUSTOMER", id: "13814000-1dd2-11b2-8080-808080808080" };

/** A device as ThingsBoard shows it. */
export function deviceBody(device: Device): object {
	const packageId = (id: string | null) => id && { entityType: "OTA_PACKAGE", id };
	return {
		id: { entityType: "DEVICE", id: device.id },
		createdTime: device.createdTime,
		tenantId,
		customerId,
		name: device.info.name,
		type: device.info.type ?? "default",
		label: device.info.label ?? null,
		deviceProfileId: profileId,
		firmwareId: packageId(device.firmwareId),
		softwareId: packageId(device.softwareId),
		additionalInfo: device.info.additionalInfo ?? null,
	};
}

/** Routes for devices, their credentials and their profile. */
export function deviceRoutes(app: FastifyInstance, core: Core): void {
	const byId = (id: string) => found(core.devices.byId(id));

	app.post("/api/device", async (request) => {
		const body = objectBody(request);
		const id = idOf(body.id);
		const token = query(request, "accessToken");
		const device = id ? byId(id) : create(core, infoOf(body), token);
		if (id) rename(core, device, infoOf(body));
		for (const kind of ["fw", "sw"] as const) target(core, device, kind, body);
		return deviceBody(device);
	});
	app.get("/api/tenant/devices", async (request) =>
		deviceBody(found(core.devices.byName(query(request, "deviceName") ?? ""))),
	);
	app.get("/api/device/:id", async (request) => deviceBody(byId(param(request, "id"))));
	app.delete("/api/device/:id", async (request, reply) => {
		core.devices.delete(byId(param(request, "id")));
		return reply.send();
	});
	app.get("/api/device/:id/credentials", async (request) => credentials(byId(param(request, "id"))));
	app.get("/api/deviceProfileInfo/default", async () => ({
		id: profileId,
		tenantId,
		name: "default",
		type: "DEFAULT",
		transportType: "DEFAULT",
		image: null,
		defaultDashboardId: null,
	}));
}

function credentials(device: Device): object {
	return {
		id: { id: device.id },
		createdTime: device.createdTime,
		deviceId: { entityType: "DEVICE", id: device.id },
		credentialsType: device.credentials.type,
		credentialsId: credentialsId(device.credentials),
		credentialsValue: null,
	};
}

function create(core: Core, info: DeviceInfo, token: string | undefined): Device {
	if (core.devices.byName(info.name)) throw badRequest("Device with such name already exists!");
	if (token && core.devices.byCredentialsId(token))
		throw badRequest("Device credentials are already assigned to another device!");
	return core.devices.create(info, token || undefined);
}

function rename(core: Core, device: Device, info: DeviceInfo): void {
	const other = core.devices.byName(info.name);
	if (other && other !== device) throw badRequest("Device with such name already exists!");
	device.info = info;
}

/** `firmwareId` or `softwareId` of a saved device; null or absent takes the assignment away. */
function target(core: Core, device: Device, kind: Kind, body: Record<string, unknown>): void {
	const [member, type] = kind === "fw" ? ["firmwareId", "FIRMWARE"] : ["softwareId", "SOFTWARE"];
	const id = idOf(body[member]);
	const chosen = id === undefined ? undefined : found(core.packages.byId(id));
	if (chosen && chosen.type !== type)
		throw badRequest(`Can't assign ${type.toLowerCase()} with type: ${chosen.type}!`);
	if (chosen && !chosen.data && !chosen.url)
		throw badRequest(`Can't assign ${type.toLowerCase()} with empty data!`);
	assign(core, device, kind, chosen);
}

function infoOf({ name, type, label, additionalInfo }: Record<string, unknown>): DeviceInfo {
	if (typeof name !== "string" || !name) throw badRequest("Device name should be specified!");
	const text = (value: unknown) => (typeof value === "string" ? value : undefined);
	return { name, type: text(type) ?? "default", label: text(label) ?? null, additionalInfo };
}

/** The id inside `{entityType, id}`; `undefined` when there is none. */
export function idOf(value: unknown): string | undefined {
	const id = (value as { id?: unknown } | null | undefined)?.id;
	return typeof id === "string" ? id : undefined;
}
