// RpcV2Controller: calls a device and waits for it.
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Core } from "../core.ts";
import type { RpcOutcome } from "../rpc.ts";
import { objectBody, param } from "./body.ts";
import { badRequest, found } from "./errors.ts";

/** server.rest.server_side_rpc.default_timeout and min_timeout, milliseconds. */
const defaultTimeout = 10_000;
const minTimeout = 5_000;

/** `POST /api/rpc/{oneway|twoway}/{deviceId}`. */
export function rpcRoutes(app: FastifyInstance, core: Core): void {
	for (const way of ["oneway", "twoway"])
		app.post(`/api/rpc/${way}/:id`, async (request, reply) => {
			const device = found(core.devices.byId(param(request, "id")));
			const { method, params, persistent, ...times } = objectBody(request);
			if (typeof method !== "string") throw badRequest("Invalid request body: expected a method");
			if (persistent) throw badRequest("persistent RPC: this stand-in has none");
			const timeout = timeoutOf(times, core.clock.now());
			const outcome = await new Promise<RpcOutcome>((done) =>
				device.rpc.call({ method, params, oneway: way === "oneway", timeout, done }, device.session),
			);
			return answer(reply, outcome);
		});
}

function timeoutOf({ timeout, expirationTime }: Record<string, unknown>, now: number): number {
	if (typeof expirationTime === "number") return Math.max(expirationTime - now, 0);
	return Math.max(minTimeout, typeof timeout === "number" ? timeout : defaultTimeout);
}

/** The device's JSON; 406 when it is none, 504 when nothing came. */
function answer(reply: FastifyReply, outcome: RpcOutcome): FastifyReply {
	if (outcome.kind === "timeout") return reply.code(504).send();
	if (outcome.kind === "sent" || !outcome.text) return reply.send();
	try {
		JSON.parse(outcome.text);
	} catch {
		return reply.code(406).send();
	}
	return reply.type("application/json").send(outcome.text);
}
