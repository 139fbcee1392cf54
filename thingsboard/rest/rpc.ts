// RpcV1Controller and RpcV2Controller: call a device and wait for it, or ask later what became of it.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Call, callDevice, callPersistently } from "../calls.ts";
import type { Core } from "../core.ts";
import { jsonText, parseJson } from "../json.ts";
import type { RpcOutcome } from "../rpc.ts";
import { type PersistentRpc, rpcStatuses } from "../rpc-records.ts";
import { deviceCalled, deviceOf, uuidOf } from "./access.ts";
import { customer } from "./auth.ts";
import { objectBody, param, query, textBody } from "./body.ts";
import { badRequest, codes, found, RestError } from "./errors.ts";
import { reference, tenantId } from "./ids.ts";
import { page } from "./page.ts";

/** server.rest.server_side_rpc.default_timeout and min_timeout, milliseconds. */
const defaultTimeout = 10_000;
const minTimeout = 5_000;

/** Statuses that say "nothing came": after a push, and without one. */
interface Silence {
	pushed: number;
	unheard: number;
}

/** `POST /api/rpc/{oneway|twoway}/{deviceId}`, the older `/api/plugins/rpc/…`, and `/api/rpc/persistent/…`. */
export function rpcRoutes(app: FastifyInstance, core: Core): void {
	callRoutes(app, core, "/api/rpc", { pushed: 504, unheard: 504 });
	callRoutes(app, core, "/api/plugins/rpc", { pushed: 408, unheard: 409 });
	app.get("/api/rpc/persistent/:rpc", customer, async (request) => recordBody(recordIn(core, request)));
	app.delete("/api/rpc/persistent/:rpc", async (request, reply) => {
		const record = recordIn(core, request);
		core.devices.byId(record.deviceId)?.rpc.remove(record);
		core.rpcs.delete(record);
		return reply.send();
	});
	app.get("/api/rpc/persistent/device/:id", customer, async (request) => list(core, request));
}

function callRoutes(app: FastifyInstance, core: Core, prefix: string, silence: Silence): void {
	for (const way of ["oneway", "twoway"])
		app.post(`${prefix}/${way}/:id`, customer, async (request, reply) => {
			const call = readCall(request, way === "oneway", core.clock.now());
			const device = deviceCalled(core, request);
			if (objectBody(request).persistent === true) return { rpcId: callPersistently(core, device, call).id };
			return answer(reply, await callDevice(core, device, call), silence);
		});
}

/** What a caller asks. Numbers in `params` keep their notation. Throws a 400; without a method a 500, as the server does. */
function readCall(request: FastifyRequest, oneway: boolean, now: number): Call {
	const { method, timeout, expirationTime, retries, additionalInfo } = objectBody(request);
	if (method === undefined || method === null)
		throw new RestError(500, codes.general, "method: expected a text, there is none");
	const params = jsonText(members(textBody(request)).get("params") ?? null);
	const wait = Math.max(minTimeout, typeof timeout === "number" ? timeout : defaultTimeout);
	return {
		method: String(method),
		params,
		oneway,
		expirationTime: typeof expirationTime === "number" ? expirationTime : now + wait,
		...(typeof retries === "number" ? { retries } : {}),
		additionalInfo,
	};
}

function members(text: string): Map<string, Parameters<typeof jsonText>[0]> {
	try {
		const root = parseJson(text);
		if (root instanceof Map) return root;
	} catch (error) {
		throw badRequest(`Invalid request body: ${(error as Error).message}`);
	}
	throw badRequest("Invalid request body");
}

/** The device's JSON; 406 when it is none. */
function answer(reply: FastifyReply, outcome: RpcOutcome, silence: Silence): FastifyReply {
	if (outcome.kind === "timeout") return reply.code(outcome.pushed ? silence.pushed : silence.unheard).send();
	if (outcome.kind === "sent" || !outcome.text) return reply.send();
	try {
		JSON.parse(outcome.text);
	} catch {
		return reply.code(406).send();
	}
	return reply.type("application/json").send(outcome.text);
}

function recordIn(core: Core, request: FastifyRequest): PersistentRpc {
	const id = uuidOf(param(request, "rpc"));
	const record = found(core.rpcs.byId(id), `Rpc with id [${id}] is not found`);
	deviceOf(core, request.user, record.deviceId);
	return record;
}

/** A persistent RPC as ThingsBoard shows it. */
function recordBody({ id, deviceId, request, ...record }: PersistentRpc) {
	const device = reference("DEVICE", deviceId);
	return {
		...record,
		id: { entityType: "RPC", id },
		tenantId,
		deviceId: device,
		request: { id, tenantId, deviceId: device, ...request },
	};
}

function list(core: Core, request: FastifyRequest): object {
	const status = query(request, "rpcStatus");
	if (status !== undefined && !rpcStatuses.some((known) => known === status && known !== "DELETED"))
		throw badRequest(`RpcStatus: ${status}`);
	const { id } = deviceOf(core, request.user, param(request, "id"));
	const records = core.rpcs.ofDevice(id).filter((record) => status === undefined || record.status === status);
	return page(request, records.map(recordBody), (record) => JSON.stringify(record.request));
}
