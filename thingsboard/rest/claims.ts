// Claiming as a customer does it (DeviceController).
import type { FastifyInstance } from "fastify";
import type { Core } from "../core.ts";
import { mayUse } from "./access.ts";
import { customer, customerOnly } from "./auth.ts";
import { objectBody, param, textBody } from "./body.ts";
import { deviceBody } from "./devices.ts";
import { denied, found } from "./errors.ts";

/** `POST` and `DELETE /api/customer/device/{name}/claim`. */
export function claimRoutes(app: FastifyInstance, core: Core): void {
	app.post("/api/customer/device/:name/claim", customerOnly, async (request, reply) => {
		const device = found(core.devices.byName(param(request, "name")));
		const { secretKey } = textBody(request) ? objectBody(request) : {};
		const secret = typeof secretKey === "string" ? secretKey : "";
		const response = core.claims.claim(device, request.user?.customerId ?? "", secret);
		if (response === "SUCCESS") return { device: deviceBody(device), response };
		return reply.code(400).type("application/json").send(JSON.stringify(response));
	});
	app.delete("/api/customer/device/:name/claim", customer, async (request, reply) => {
		const device = found(core.devices.byName(param(request, "name")));
		if (!mayUse(device, request.user)) throw denied();
		core.claims.reclaim(device);
		return reply.send();
	});
}
