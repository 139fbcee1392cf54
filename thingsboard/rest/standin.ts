// What no real ThingsBoard has: faults on demand. Only for callers on this machine.
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Core } from "../core.ts";
import type { Device } from "../devices.ts";
import { FaultError } from "../faults/row.ts";
import { objectBody } from "./body.ts";
import { badRequest, found, RestError } from "./errors.ts";

/** A text of MQTT has its length in 16 bits [MQTT 1.5.3]. */
const maxTopic = 65_535;

const loopback = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

/** `/api/standin/faults` (the table and what is armed; sets and clears) and `POST /api/standin/publish`. */
export function standinRoutes(app: FastifyInstance, core: Core): void {
	app.get("/api/standin/faults", async (request) => {
		loopbackOnly(request);
		const devices = core.devices.all().map(({ info, faults }) => [info.name, faults.all()]);
		return { faults: core.faults.rows, armed: Object.fromEntries(devices) };
	});
	app.post("/api/standin/faults", async (request) => {
		const { device: name, ...faults } = local(request);
		const device = name === undefined ? undefined : found(core.devices.byName(String(name)));
		for (const [fault, value] of Object.entries(faults)) strike(core, fault, value, device);
		return device?.faults.all() ?? {};
	});
	app.post("/api/standin/publish", async (request) => {
		const { device: name, topic, payload = "" } = local(request);
		const { session } = found(core.devices.byName(String(name)));
		if (typeof topic !== "string" || typeof payload !== "string" || Buffer.byteLength(topic) > maxTopic)
			throw badRequest(`expected device, topic (at most ${maxTopic} bytes) and payload (base64)`);
		if (!session) throw badRequest("expected a connected device");
		session.publish(topic, Buffer.from(payload, "base64"));
		return {};
	});
}

function strike(core: Core, fault: string, value: unknown, device: Device | undefined): void {
	try {
		core.faults.set(fault, value, device);
	} catch (error) {
		throw error instanceof FaultError ? badRequest(error.message) : error;
	}
}

function local(request: FastifyRequest): Record<string, unknown> {
	loopbackOnly(request);
	return objectBody(request);
}

function loopbackOnly({ ip }: FastifyRequest): void {
	if (!loopback.has(ip)) throw new RestError(403, 20, "faults: expected a caller on loopback");
}
