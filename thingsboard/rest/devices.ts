// DeviceController.
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Core } from "../core.ts";
import type { Credentials } from "../credentials.ts";
import type { Device, DeviceInfo } from "../devices.ts";
import { assign, moveToProfile } from "../offers.ts";
import type { DeviceProfile } from "../profiles.ts";
import { deviceIn, deviceOf, mayUse } from "./access.ts";
import { customer } from "./auth.ts";
import { objectBody, param, query } from "./body.ts";
import { badRequest, found, refusing } from "./errors.ts";
import { customerId, idOf, optional, reference, tenantId } from "./ids.ts";
import { page } from "./page.ts";
import { checkedPackage } from "./targets.ts";

/** A device as ThingsBoard shows it. */
export function deviceBody(device: Device): object {
	const { info, profile } = device;
	return {
		id: reference("DEVICE", device.id),
		createdTime: device.createdTime,
		tenantId,
		customerId: customerId(device.customerId),
		name: info.name,
		type: profile.name,
		label: info.label ?? null,
		deviceProfileId: reference("DEVICE_PROFILE", profile.id),
		deviceData: { configuration: { type: "DEFAULT" }, transportConfiguration: { type: "DEFAULT" } },
		firmwareId: optional("OTA_PACKAGE", device.firmwareId),
		softwareId: optional("OTA_PACKAGE", device.softwareId),
		additionalInfo: info.additionalInfo ?? null,
	};
}

/** Routes for devices. */
export function deviceRoutes(app: FastifyInstance, core: Core): void {
	app.post("/api/device", customer, async (request) =>
		deviceBody(save(core, objectBody(request), request, query(request, "accessToken") || undefined)),
	);
	app.get("/api/device/:id", customer, async (request) => deviceBody(deviceIn(core, request)));
	app.delete("/api/device/:id", async (request, reply) => {
		core.devices.delete(deviceIn(core, request));
		return reply.send();
	});
	app.get("/api/tenant/devices", async (request) => {
		const name = query(request, "deviceName");
		return name === undefined ? list(core, request, deviceBody) : deviceBody(named(core, name));
	});
	app.get("/api/tenant/device", async (request) =>
		deviceBody(named(core, query(request, "deviceName") ?? "")),
	);
	for (const path of ["/api/tenant/deviceInfos", "/api/customer/:customer/deviceInfos"])
		app.get(path, customer, async (request) => list(core, request, infoBody(core)));
	app.get("/api/customer/:customer/devices", customer, async (request) => list(core, request, deviceBody));
	app.get("/api/device/info/:id", customer, async (request) => infoBody(core)(deviceIn(core, request)));
}

const named = (core: Core, name: string): Device => found(core.devices.byName(name));

/** DeviceInfo: a device and the names that a list of them needs. */
const infoBody =
	(core: Core) =>
	(device: Device): object => ({
		...deviceBody(device),
		customerTitle: device.customerId ? (core.users.customerById(device.customerId)?.title ?? null) : null,
		customerIsPublic: false,
		deviceProfileName: device.profile.name,
		active: device.session !== undefined,
	});

/** Devices that the caller may see, filtered by `type`, `deviceProfileId`, `active` and the path's customer, as pages. */
function list(core: Core, request: FastifyRequest, body: (device: Device) => object): object {
	const owner = param(request, "customer");
	const tests: [string | undefined, (device: Device, wanted: string) => boolean][] = [
		[owner || undefined, (device, wanted) => device.customerId === wanted],
		[query(request, "type"), (device, wanted) => device.profile.name === wanted],
		[query(request, "deviceProfileId"), (device, wanted) => device.profile.id === wanted],
		[query(request, "active"), (device, wanted) => String(device.session !== undefined) === wanted],
	];
	const chosen = core.devices
		.all()
		.filter((device) => mayUse(device, request.user))
		.filter((device) => tests.every(([wanted, test]) => wanted === undefined || test(device, wanted)));
	const bodies = chosen.map((device) => body(device) as { name: string; label: string | null; type: string });
	return page(request, bodies, ({ name, label, type }) => `${name} ${label ?? ""} ${type}`);
}

/** Saves what a tenant says of a device; `credentials` are those of a new one. Throws a 400. */
export function save(
	core: Core,
	body: Record<string, unknown>,
	request: FastifyRequest,
	credentials?: Credentials | string,
): Device {
	const id = idOf(body.id);
	const known = id === undefined ? undefined : deviceOf(core, request.user, id);
	const profile = profileOf(core, body);
	const info = infoOf(body, profile);
	const other = core.devices.byName(info.name);
	if (other && other !== known) throw badRequest("Device with such name already exists!");
	const targets = (["fw", "sw"] as const).map(
		(kind) => [kind, checkedPackage(core, kind, body, profile)] as const,
	);
	const device = known ?? refusing(() => core.devices.create(info, credentials));
	if (known) update(core, known, info, profile);
	for (const [kind, chosen] of targets) assign(core, device, kind, chosen);
	return device;
}

function update(core: Core, device: Device, info: DeviceInfo, profile: DeviceProfile): void {
	core.devices.update(device, info);
	if (device.profile !== profile) moveToProfile(core, device, profile);
}

/** The profile that is named by id, else by `type` (made when there is none), else the default one. */
function profileOf(core: Core, { deviceProfileId, type }: Record<string, unknown>): DeviceProfile {
	const id = idOf(deviceProfileId);
	if (id === undefined) return core.profiles.ensure(typeof type === "string" && type ? type : "default");
	const profile = core.profiles.byId(id);
	if (!profile) throw badRequest("Device is referencing non existing device profile!");
	return profile;
}

function infoOf(
	{ name, label, additionalInfo }: Record<string, unknown>,
	profile: DeviceProfile,
): DeviceInfo {
	if (typeof name !== "string" || !name.trim()) throw badRequest("Device name should be specified!");
	if (name.length > 255) throw badRequest("Validation error: name length must be equal or less than 255");
	return { name, type: profile.name, label: typeof label === "string" ? label : null, additionalInfo };
}
