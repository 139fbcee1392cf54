// TelemetryController: latest and historical values, attributes by scope.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Core } from "../core.ts";
import { type Device, type Point, type Scope, scopes } from "../devices.ts";
import { quote } from "../json.ts";
import { PayloadError, readAttributes, readTelemetry } from "../telemetry.ts";
import { valueJson } from "../values.ts";
import { param, query, textBody } from "./body.ts";
import { badRequest, found } from "./errors.ts";

const prefix = "/api/plugins/telemetry";

/** Routes for time series and attributes. Numbers keep the server's notation, so bodies are written as text. */
export function telemetryRoutes(app: FastifyInstance, core: Core): void {
	const device = (request: FastifyRequest) => found(core.devices.byId(param(request, "id")));
	const entity = `${prefix}/DEVICE/:id`;

	app.get(`${entity}/values/timeseries`, async (request, reply) =>
		json(reply, timeseries(device(request), request, core.clock.now())),
	);
	for (const path of ["values/attributes", "values/attributes/:scope"])
		app.get(`${entity}/${path}`, async (request, reply) => json(reply, attributes(device(request), request)));
	for (const path of [`${entity}/:scope`, `${entity}/attributes/:scope`, `${prefix}/:id/:scope`])
		app.post(path, async (request, reply) => {
			const values = checked(() => readAttributes(textBody(request)));
			device(request).saveAttributes(writable(request), values);
			return reply.send();
		});
	app.post(`${entity}/timeseries/:any`, async (request, reply) => {
		device(request).store(checked(() => readTelemetry(textBody(request), core.clock.now())));
		return reply.send();
	});
	for (const path of [`${entity}/:scope`, `${prefix}/:id/:scope`])
		app.delete(path, async (request, reply) => {
			const names = keys(request);
			if (!names?.length) throw badRequest("Empty keys: expected ?keys=a,b");
			device(request).deleteAttributes(scopeOf(param(request, "scope")), names);
			return reply.send();
		});
}

/** With startTs and endTs the points between them (end excluded), else the latest of each key, null where there is none. */
function timeseries(device: Device, request: FastifyRequest, now: number): string {
	const from = query(request, "startTs");
	const to = query(request, "endTs");
	const strict = query(request, "useStrictDataTypes") === "true";
	const members = (keys(request) ?? [...device.series.keys()]).flatMap((key) => {
		const points = device.series.get(key) ?? [];
		const ranged = from !== undefined && to !== undefined;
		const chosen = ranged ? between(points, Number(from), Number(to), request) : points.slice(-1);
		if (ranged && !chosen.length) return [];
		const list = chosen.map((point) => pointJson(point, strict));
		return [`${quote(key)}:[${list.length ? list.join(",") : `{"ts":${now},"value":null}`}]`];
	});
	return `{${members.join(",")}}`;
}

/** Newest first unless `orderBy=ASC`; at most `limit`, 100 by default. */
function between(points: Point[], from: number, to: number, request: FastifyRequest): Point[] {
	const inside = points.filter(({ ts }) => ts >= from && ts < to);
	const ordered = query(request, "orderBy") === "ASC" ? inside : inside.reverse();
	return ordered.slice(0, Number(query(request, "limit") ?? 100));
}

/** Values are text unless strict types were asked for. */
function pointJson({ ts, value }: Point, strict: boolean): string {
	return `{"ts":${ts},"value":${strict ? valueJson(value) : quote(value.text)}}`;
}

function attributes(device: Device, request: FastifyRequest): string {
	const scope = param(request, "scope");
	const chosen: readonly Scope[] = scope ? [scopeOf(scope)] : scopes;
	const names = keys(request);
	const entries = chosen
		.flatMap((name) => [...device.attributes[name]])
		.filter(([key]) => !names || names.includes(key))
		.map(([key, { ts, value }]) => `{"lastUpdateTs":${ts},"key":${quote(key)},"value":${valueJson(value)}}`);
	return `[${entries.join(",")}]`;
}

function keys(request: FastifyRequest): string[] | undefined {
	return query(request, "keys")?.split(",").filter(Boolean);
}

function scopeOf(name: string): Scope {
	const scope = scopes.find((known) => known === name);
	if (!scope) throw badRequest(`Invalid attributes scope: ${name}`);
	return scope;
}

/** Client attributes are the device's own: REST cannot write them. */
function writable(request: FastifyRequest): Scope {
	const scope = scopeOf(param(request, "scope"));
	if (scope === "CLIENT_SCOPE") throw badRequest(`Invalid scope: ${scope}`);
	return scope;
}

function checked<T>(read: () => T): T {
	try {
		return read();
	} catch (error) {
		throw error instanceof PayloadError
			? badRequest(`Request is not a JSON object: ${error.message}`)
			: error;
	}
}

function json(reply: FastifyReply, text: string): FastifyReply {
	return reply.type("application/json").send(text);
}
