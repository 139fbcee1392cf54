// Which devices a caller may see, and the form of ids.
import type { FastifyRequest } from "fastify";
import type { Core } from "../core.ts";
import type { Device } from "../devices.ts";
import type { User } from "../users.ts";
import { param } from "./body.ts";
import { badRequest, denied, found, PlainError } from "./errors.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The id in its usual spelling. Throws 400 for what is no UUID. */
export function uuidOf(text: string): string {
	if (!uuid.test(text)) throw badRequest(`Invalid UUID string: ${text}`);
	return text.toLowerCase();
}

/** A device by its id. Throws 400, 404, or 403 when it belongs to somebody else. */
export function deviceOf(core: Core, user: User | undefined, id: string): Device {
	const device = found(core.devices.byId(uuidOf(id)), `Device with id [${id}] is not found`);
	if (!mayUse(device, user)) throw denied();
	return device;
}

/** The device that a path names as `:id`. */
export const deviceIn = (core: Core, request: FastifyRequest): Device =>
	deviceOf(core, request.user, param(request, "id"));

/** The same for the controllers that check access by the AccessValidator: they answer with bare text. */
export function deviceCalled(core: Core, request: FastifyRequest): Device {
	const device = core.devices.byId(uuidOf(param(request, "id")));
	if (!device) throw new PlainError(404, "Device with requested id wasn't found!");
	if (!mayUse(device, request.user)) throw new PlainError(403, denied().message);
	return device;
}

/** A customer's user has its customer's devices, the tenant's has all. */
export const mayUse = (device: Device, user: User | undefined): boolean =>
	!user?.customerId || user.customerId === device.customerId;
