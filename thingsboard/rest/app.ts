import fastify, { type FastifyInstance } from "fastify";
import { consoleRoutes } from "../console/routes.ts";
import type { Core } from "../core.ts";
import { webSockets } from "../ws/server.ts";
import { authentication } from "./auth.ts";
import { claimRoutes } from "./claims.ts";
import { credentialsRoutes } from "./credentials.ts";
import { customerRoutes, userRoutes } from "./customers.ts";
import { deviceRoutes } from "./devices.ts";
import { codeOf, errorBody, PlainError, RestError } from "./errors.ts";
import { packageRoutes } from "./packages.ts";
import { profileRoutes } from "./profiles.ts";
import { rpcRoutes } from "./rpc.ts";
import { standinRoutes } from "./standin.ts";
import { attributeRoutes, telemetryRoutes } from "./telemetry.ts";

/** Largest request body, bytes (`server.http.max_payload_size` of `/api/**`). */
const bodyLimit = 16 * 1024 * 1024;

/** The REST side, not listening yet. */
export function restApp(core: Core): FastifyInstance {
	const app = fastify({ bodyLimit, forceCloseConnections: true });
	// JSON stays text: 20.0 and 20 are different types to ThingsBoard.
	app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) =>
		done(null, body),
	);
	app.addContentTypeParser("multipart/form-data", { parseAs: "buffer" }, (_request, body, done) =>
		done(null, body),
	);
	app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
		if (error instanceof PlainError) return reply.code(error.status).type("text/plain").send(error.message);
		const known = error instanceof RestError;
		const status = known ? error.status : (error.statusCode ?? 500);
		if (status >= 500) core.log(`REST: ${error.stack}`);
		const code = known ? error.errorCode : codeOf(status);
		return reply.code(status).send(errorBody(status, code, error.message));
	});
	app.setNotFoundHandler((request, reply) =>
		reply
			.code(404)
			.send(errorBody(404, 32, `${request.method} ${request.url}: this stand-in has no such path`)),
	);
	const sockets = webSockets(core, app.server);
	app.addHook("preClose", async () => sockets.close());
	authentication(app, core);
	deviceRoutes(app, core);
	credentialsRoutes(app, core);
	profileRoutes(app, core);
	customerRoutes(app, core);
	userRoutes(app, core);
	claimRoutes(app, core);
	telemetryRoutes(app, core);
	attributeRoutes(app, core);
	rpcRoutes(app, core);
	packageRoutes(app, core);
	standinRoutes(app, core);
	consoleRoutes(app, core);
	return app;
}
