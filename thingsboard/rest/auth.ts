import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Core } from "../core.ts";
import { TokenError } from "../tokens.ts";
import type { User } from "../users.ts";
import { objectBody } from "./body.ts";
import { codes, denied, RestError } from "./errors.ts";

/** Who may call a route: everybody (`open`), users of customers too (`customer`), or only they. Default: the tenant. */
export type Access = { open?: boolean; customer?: boolean | "only" };

declare module "fastify" {
	interface FastifyContextConfig extends Access {}
	interface FastifyRequest {
		/** Who asks; absent on open routes. */
		user?: User;
	}
}

/** A route's `config`. */
export const open = { config: { open: true } };
export const customer = { config: { customer: true } };
export const customerOnly = { config: { customer: "only" as const } };

/** Login, refresh, and the check of every other request (`X-Authorization: Bearer …`, or `Authorization`). */
export function authentication(app: FastifyInstance, core: Core): void {
	app.addHook("onRequest", async (request) => {
		// The matched route, not the URL's text: a percent-encoded path is matched decoded.
		const { url, config } = request.routeOptions;
		if (url === undefined || config?.open) return;
		request.user = authenticate(core, bearer(request));
		const { authority } = request.user;
		if (authority === "CUSTOMER_USER" ? !config?.customer : config?.customer === "only") throw denied();
	});

	app.post("/api/auth/login", open, async (request) => {
		const { username, password } = objectBody(request);
		if (typeof username !== "string" || !username.trim() || typeof password !== "string" || !password)
			throw unauthorized("Authentication failed");
		const tokens = core.users.login(username, password);
		if (!tokens) throw unauthorized("Invalid username or password");
		return tokens;
	});
	app.post("/api/auth/token", open, async (request) => {
		const { refreshToken } = objectBody(request);
		const tokens = guarded(() => core.users.refresh(String(refreshToken)));
		if (!tokens) throw unauthorized("Authentication failed");
		return tokens;
	});
	app.get("/api/auth/user", customer, async ({ user }) => user && userBody(user));
	app.post("/api/auth/logout", customer, async (_request, reply) => reply.send());
}

/** Whose token it is. Throws the 401 that the server answers. */
export function authenticate(core: Core, token: string): User {
	const user = guarded(() => core.users.whose(token));
	if (!user) throw unauthorized("Authentication failed");
	return user;
}

/** A user as ThingsBoard shows it. */
export function userBody({ password, activateToken, ...user }: User): object {
	return { ...user, id: { entityType: "USER", id: user.id }, name: user.email };
}

function guarded<T>(read: () => T): T {
	try {
		return read();
	} catch (error) {
		if (!(error instanceof TokenError)) throw error;
		if (error.expired) throw new RestError(401, codes.expired, "Token has expired");
		throw unauthorized("Authentication failed");
	}
}

const unauthorized = (message: string): RestError => new RestError(401, codes.authentication, message);

function bearer({ headers }: FastifyRequest): string {
	const header = headers["x-authorization"] ?? headers.authorization ?? "";
	return String(header).replace(/^Bearer /i, "");
}
