// The page and what only the page asks for. The page's files need no token; everything they ask for does.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Core } from "../core.ts";
import { open } from "../rest/auth.ts";
import { Feed } from "./feed.ts";
import { file, type Path, paths } from "./files.ts";

/** Scripts, styles and calls of our own only; nothing inline, nobody may frame us. Inline style attributes are uPlot's and ours. */
const policy = [
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' data:",
	"connect-src 'self'",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
].join("; ");

const headers = {
	"content-security-policy": policy,
	"cache-control": "no-cache",
	"referrer-policy": "no-referrer",
	"x-content-type-options": "nosniff",
};

/** The page at `/`, and `GET /api/standin/events`: newline-separated JSON of devices and packets. */
export function consoleRoutes(app: FastifyInstance, core: Core): void {
	const feed = new Feed(core);
	for (const path of paths) app.get(path, open, (request, reply) => send(path, request, reply));
	app.get("/api/standin/events", async (_request, reply) =>
		reply.type("application/x-ndjson").header("cache-control", "no-store").send(feed.stream()),
	);
	app.addHook("onResponse", async ({ method }) => {
		if (method !== "GET") feed.wake();
	});
}

async function send(path: Path, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
	const { type, body, etag } = await file(path);
	reply.headers(headers).header("etag", etag).type(type);
	return request.headers["if-none-match"] === etag ? reply.code(304).send() : reply.send(body);
}
