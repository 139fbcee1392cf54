import { createHmac, randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { objectBody } from "./body.ts";
import { codes, RestError } from "./errors.ts";

/** The tenant administrator of a fresh ThingsBoard with demo data. */
export const tenant = { username: "tenant@thingsboard.org", password: "tenant" };

declare module "fastify" {
	interface FastifyContextConfig {
		/** No token is asked for. */
		open?: boolean;
	}
}

const login = "/api/auth/login";

/** Login, and the check of every other request (`X-Authorization: Bearer …`, or `Authorization`). */
export function authentication(app: FastifyInstance): void {
	const issued = new Set<string>();
	const secret = randomBytes(32);

	app.addHook("onRequest", async (request) => {
		// The matched route, not the URL's text: a percent-encoded path is matched decoded.
		const { url, config } = request.routeOptions;
		if (url === undefined || url === login || config.open) return;
		if (!issued.has(bearer(request))) throw new RestError(401, codes.authentication, "Authentication failed");
	});

	app.post(login, async (request) => {
		const { username, password } = objectBody(request);
		if (username !== tenant.username || password !== tenant.password)
			throw new RestError(401, codes.authentication, "Invalid username or password");
		const token = sign(secret);
		issued.add(token);
		return { token, refreshToken: sign(secret) };
	});
}

function bearer({ headers }: FastifyRequest): string {
	const header = headers["x-authorization"] ?? headers.authorization ?? "";
	return String(header).replace(/^Bearer /, "");
}

/** A token of a JWT's form, good until the server ends. */
function sign(secret: Buffer): string {
	const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
	const claims = { sub: tenant.username, scopes: ["TENANT_ADMIN"], jti: randomBytes(8).toString("hex") };
	const text = `${part({ alg: "HS512" })}.${part(claims)}`;
	return `${text}.${createHmac("sha512", secret).update(text).digest("base64url")}`;
}
