// What no real ThingsBoard has: faults on demand. Only for callers on this machine.
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Core } from "../core.ts";
import { objectBody } from "./body.ts";
import { badRequest, found, RestError } from "./errors.ts";

const loopback = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

/** `POST /api/standin/faults` and `/api/standin/publish`. */
export function standinRoutes(app: FastifyInstance, core: Core): void {
	app.post("/api/standin/faults", async (request) => {
		const { device: name, evict, close, nextId, ...faults } = local(request);
		if (evict) core.packages.evict();
		if (name === undefined) return {};
		const device = found(core.devices.byName(String(name)));
		for (const fault of ["dropAfterBytes", "refuse", "refuseTimes"] as const)
			if (fault in faults) device.faults[fault] = count(fault, faults[fault]);
		if (faults.corrupt) device.faults.corrupt = true;
		if (nextId !== undefined) found(device.session).setNextId(count("nextId", nextId));
		if (close) device.session?.close("fault: close");
		return { ...device.faults };
	});
	app.post("/api/standin/publish", async (request) => {
		const { device: name, topic, payload = "" } = local(request);
		const { session } = found(core.devices.byName(String(name)));
		if (typeof topic !== "string" || typeof payload !== "string")
			throw badRequest("expected device, topic and payload (base64)");
		if (!session) throw badRequest("expected a connected device");
		session.publish(topic, Buffer.from(payload, "base64"));
		return {};
	});
}

function local(request: FastifyRequest): Record<string, unknown> {
	if (!loopback.has(request.ip)) throw new RestError(403, 20, "faults: expected a caller on loopback");
	return objectBody(request);
}

function count(name: string, value: unknown): number {
	if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
	throw badRequest(`${name}: expected a whole number from 0`);
}
