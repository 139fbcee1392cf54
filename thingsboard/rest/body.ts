import type { FastifyRequest } from "fastify";
import { nestedWithin } from "../json.ts";
import { badRequest } from "./errors.ts";

/** Jackson's limit on nesting (StreamReadConstraints). */
const maxDepth = 1000;

/** A file of a multipart upload. */
export interface Upload {
	fileName: string;
	contentType: string;
	data: Uint8Array;
}

/** The request's JSON object. Throws a 400. */
export function objectBody(request: FastifyRequest): Record<string, unknown> {
	const value = parsed(textBody(request));
	if (typeof value === "object" && value && !Array.isArray(value)) return value as Record<string, unknown>;
	throw badRequest("body: expected a JSON object");
}

/** The request's body as text: number literals keep their form. */
export function textBody({ body }: FastifyRequest): string {
	return typeof body === "string" ? body : "";
}

/** A query parameter; `undefined` when it is not given. Of a repeated one the first counts. */
export function query({ query }: FastifyRequest, name: string): string | undefined {
	const value = (query as Record<string, string | string[] | undefined>)[name];
	return Array.isArray(value) ? value[0] : value;
}

/** A path parameter. */
export function param({ params }: FastifyRequest, name: string): string {
	return (params as Record<string, string>)[name] ?? "";
}

/** The part named `file` of a multipart/form-data body (RFC 7578). Throws a 400. */
export function uploadBody(request: FastifyRequest): Upload {
	const type = request.headers["content-type"] ?? "";
	const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/.exec(type);
	const mark = boundary?.[1] ?? boundary?.[2];
	if (!mark || !Buffer.isBuffer(request.body)) throw badRequest("body: expected multipart/form-data");
	for (const part of parts(request.body, mark)) {
		const upload = readPart(part);
		if (upload) return upload;
	}
	throw badRequest("body: expected a part named file");
}

/** What stands between the boundary lines. */
function* parts(body: Buffer, mark: string): Generator<Buffer> {
	const line = Buffer.from(`\r\n--${mark}`);
	const text = Buffer.concat([Buffer.from("\r\n"), body]);
	let start = text.indexOf(line);
	while (start >= 0) {
		const next = text.indexOf(line, start + line.length);
		if (next < 0) return;
		yield text.subarray(start + line.length, next);
		start = next;
	}
}

function readPart(part: Buffer): Upload | undefined {
	const end = part.indexOf("\r\n\r\n");
	const head = part.toString("utf8", 0, Math.max(end, 0));
	if (end < 0 || !/[;\s]name="?file"?(?:[;\s]|$)/i.test(head)) return undefined;
	return {
		fileName: /filename="([^"]*)"/i.exec(head)?.[1] ?? "file",
		contentType: /content-type:\s*(\S+)/i.exec(head)?.[1] ?? "application/octet-stream",
		data: Uint8Array.from(part.subarray(end + 4)),
	};
}

function parsed(text: string): unknown {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		throw badRequest(`body: expected JSON, got ${(error as Error).message}`);
	}
	if (nestedWithin(maxDepth, value)) return value;
	throw badRequest(`body: expected at most ${maxDepth} levels`);
}
