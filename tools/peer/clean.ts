// Deletes what a killed run has left on a server: everything whose name begins with our prefix.
import { type Body, idOf, type RestClient } from "./rest.ts";
import { prefix } from "./site.ts";

/** Lists, in the order in which they can be deleted: what refers to others comes first. */
const kinds: [list: string, entity: string, name: string][] = [
	["/api/tenant/devices", "/api/device", "name"],
	["/api/otaPackages", "/api/otaPackage", "title"],
	["/api/deviceProfiles", "/api/deviceProfile", "name"],
	["/api/customers", "/api/customer", "title"],
];
const pageSize = 100;

/** Resolves with the names of what was deleted. */
export async function clean(rest: RestClient): Promise<string[]> {
	const gone: string[] = [];
	for (const [list, entity, name] of kinds)
		for (const found of await all(rest, list)) {
			const text = String(found[name]);
			if (!text.startsWith(`${prefix}-`)) continue;
			await rest.ask("DELETE", `${entity}/${idOf(found)}`);
			gone.push(text);
		}
	return gone;
}

/** Everything that a list finds by our prefix; read whole before anything is deleted. */
async function all(rest: RestClient, list: string): Promise<Body[]> {
	const found: Body[] = [];
	for (let page = 0; ; page++) {
		const query = `pageSize=${pageSize}&page=${page}&textSearch=${prefix}`;
		const { data, hasNext } = (await rest.ask("GET", `${list}?${query}`)) as unknown as Page;
		found.push(...data);
		if (!hasNext) return found;
	}
}

interface Page {
	data: Body[];
	hasNext: boolean;
}
