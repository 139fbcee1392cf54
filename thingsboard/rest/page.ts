// PageData: how the server cuts long lists (PageLink).
import type { FastifyRequest } from "fastify";
import { query } from "./body.ts";
import { badRequest } from "./errors.ts";

/** One page of a list, as ThingsBoard shows it. */
export interface Page<T> {
	data: T[];
	totalPages: number;
	totalElements: number;
	hasNext: boolean;
}

/**
 * The page that `pageSize` and `page` ask for, of what matches `textSearch` in `text`, ordered by `sortProperty` and
 * `sortOrder` (default: as made). Throws a 400.
 */
export function page<T extends object>(
	request: FastifyRequest,
	all: T[],
	text: (item: T) => string,
): Page<T> {
	const size = count(request, "pageSize");
	const number = count(request, "page");
	if (size < 1) throw badRequest("Incorrect page link page size '0'. Page size must be greater than zero.");
	const search = query(request, "textSearch")?.toLowerCase() ?? "";
	const matching = sorted(
		request,
		all.filter((item) => text(item).toLowerCase().includes(search)),
	);
	const totalPages = Math.ceil(matching.length / size);
	const data = matching.slice(number * size, (number + 1) * size);
	return { data, totalPages, totalElements: matching.length, hasNext: number + 1 < totalPages };
}

function sorted<T extends object>(request: FastifyRequest, items: T[]): T[] {
	const property = query(request, "sortProperty");
	if (!property) return items;
	const order = (query(request, "sortOrder") ?? "ASC").toUpperCase();
	if (order !== "ASC" && order !== "DESC")
		throw badRequest(`Unsupported sort order '${order}'! Only 'ASC' or 'DESC' types are allowed.`);
	const sign = order === "ASC" ? 1 : -1;
	const value = (item: T) => (item as Record<string, unknown>)[property];
	return [...items].sort((a, b) => sign * compare(value(a), value(b)));
}

function compare(a: unknown, b: unknown): number {
	if (typeof a === "number" && typeof b === "number") return a - b;
	return String(a).localeCompare(String(b), "en");
}

function count(request: FastifyRequest, name: string): number {
	const text = query(request, name);
	if (text === undefined)
		throw badRequest(`Required request parameter '${name}' for method parameter type int is not present`);
	const value = Number(text);
	if (!/^\d+$/.test(text) || value > 2 ** 31 - 1)
		throw badRequest(`${name}: expected a whole number from 0, got ${JSON.stringify(text)}`);
	return value;
}
