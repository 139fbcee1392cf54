// TelemetryController: latest and historical values, attributes by scope. Numbers keep the server's notation, so bodies are
// written as text; refusals are bare text too.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Core } from "../core.ts";
import { type Device, type Scope, scopes } from "../devices.ts";
import { PayloadError, UnmappedError } from "../errors.ts";
import { quote } from "../json.ts";
import { type Row, readAttributes, readTelemetry } from "../telemetry.ts";
import { type Value, valueJson } from "../values.ts";
import { deviceCalled } from "./access.ts";
import { customer } from "./auth.ts";
import { param, query, textBody } from "./body.ts";
import { badRequest, PlainError } from "./errors.ts";
import { forget, timeseries } from "./history.ts";

const prefix = "/api/plugins/telemetry";
const entity = `${prefix}/DEVICE/:id`;

/** Routes for time series. */
export function telemetryRoutes(app: FastifyInstance, core: Core): void {
	const device = (request: FastifyRequest) => deviceCalled(core, request);
	for (const path of ["values/timeseries", "values/timeseries/history"])
		app.get(`${entity}/${path}`, customer, async (request, reply) =>
			json(reply, timeseries(device(request), request, core.clock.now())),
		);
	app.get(`${entity}/keys/timeseries`, customer, async (request) => [...device(request).series.keys()]);
	for (const path of ["timeseries/:any", "timeseries/:any/:ttl"])
		app.post(`${entity}/${path}`, customer, async (request, reply) => {
			const rows = readRows(textBody(request), core.clock.now());
			device(request).store(rows);
			return reply.send();
		});
	app.delete(`${entity}/timeseries/delete`, customer, async (request, reply) => {
		forget(device(request), request);
		return reply.send();
	});
}

/** Routes for attributes. */
export function attributeRoutes(app: FastifyInstance, core: Core): void {
	const device = (request: FastifyRequest) => deviceCalled(core, request);
	for (const path of ["", "/:scope"]) {
		app.get(`${entity}/values/attributes${path}`, customer, async (request, reply) =>
			json(reply, attributes(device(request), request)),
		);
		app.get(`${entity}/keys/attributes${path}`, customer, async (request) =>
			chosen(request).flatMap((scope) => [...device(request).attributes[scope].keys()]),
		);
	}
	for (const path of [`${entity}/:scope`, `${entity}/attributes/:scope`, `${prefix}/:id/:scope`])
		app.post(path, customer, async (request, reply) => {
			const scope = writable(request);
			const values = readValues(textBody(request));
			device(request).saveAttributes(scope, values);
			return reply.send();
		});
	for (const path of [`${entity}/:scope`, `${prefix}/:id/:scope`])
		app.delete(path, customer, async (request, reply) => {
			const scope = scopeOf(param(request, "scope"));
			const names = keys(request);
			if (!names.length) throw new PlainError(400, `Empty keys: ${query(request, "keys") ?? ""}`);
			device(request).deleteAttributes(scope, names);
			return reply.send();
		});
}

function attributes(device: Device, request: FastifyRequest): string {
	const names = new Set(keys(request));
	const entries = chosen(request)
		.flatMap((name) => [...device.attributes[name]])
		.filter(([key]) => !names.size || names.has(key))
		.map(([key, { ts, value }]) => `{"lastUpdateTs":${ts},"key":${quote(key)},"value":${valueJson(value)}}`);
	return `[${entries.join(",")}]`;
}

/** The keys a request names; none means all. */
export function keys(request: FastifyRequest): string[] {
	return query(request, "keys")?.split(",").filter(Boolean) ?? [];
}

/** The scope of the path, or all of them. */
function chosen(request: FastifyRequest): readonly Scope[] {
	const name = param(request, "scope");
	return name ? [scopeOf(name)] : scopes;
}

function scopeOf(name: string): Scope {
	const scope = scopes.find((known) => known === name);
	if (!scope) throw badRequest(`Invalid attributes scope: ${name}`);
	return scope;
}

/** Client attributes are the device's own: REST cannot write them. */
function writable(request: FastifyRequest): Scope {
	const scope = scopeOf(param(request, "scope"));
	if (scope === "CLIENT_SCOPE") throw new PlainError(400, `Invalid scope: ${scope}`);
	return scope;
}

function readValues(text: string): Map<string, Value> {
	const values = checked(() => readAttributes(text), "Request is not a JSON object");
	if (!values.size) throw new PlainError(400, "No attributes data found in request body!");
	if ([...values.keys()].some((key) => !key.trim())) throw new PlainError(400, "Key cannot be blank");
	return values;
}

function readRows(text: string, now: number): Row[] {
	const rows = checked(
		() => readTelemetry(text, now),
		"Unable to parse time series payload. Invalid JSON body",
	);
	if (!rows.some(({ values }) => values.size))
		throw new PlainError(400, "No time series data found in request body!");
	return rows;
}

function checked<T>(read: () => T, what: string): T {
	try {
		return read();
	} catch (error) {
		// Over REST what the device's transport never thought of is a wrong body like any other.
		if (error instanceof PayloadError || error instanceof UnmappedError)
			throw new PlainError(400, `${what}: ${error.message}`);
		throw error;
	}
}

function json(reply: FastifyReply, text: string): FastifyReply {
	return reply.type("application/json").send(text);
}
