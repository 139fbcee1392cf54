// ThingsBoard's attribute payloads, pure: the question, its answer, and what a push says.
import type { JSONObject } from "host/contract";
import type { AttributeValues } from "tbclient/options";
import { objectOf } from "tbclient/payload";

/** Attributes to ask for, by scope and name. */
export interface AttributeKeys {
	client?: string[];
	shared?: string[];
}

/** The payload of a request: `{"clientKeys":"a,b","sharedKeys":"c"}`. @throws RangeError for a key that is empty or has a comma. */
export function questionOf({ client, shared }: AttributeKeys): string {
	return JSON.stringify({
		...(client && { clientKeys: join(client) }),
		...(shared && { sharedKeys: join(shared) }),
	});
}

/** What a response holds, scope by scope. @throws TypeError for a scope that is no object. */
export function answerOf({ client, shared }: JSONObject): AttributeValues {
	return {
		...(client !== undefined && { client: objectOf(client) }),
		...(shared !== undefined && { shared: objectOf(shared) }),
	};
}

/** The keys that a push deletes (`{"deleted":["a"]}` and nothing beside); undefined when it is a push of values. */
export function deletedOf(values: JSONObject): string[] | undefined {
	const { deleted } = values;
	if (!Array.isArray(deleted) || Object.keys(values).length !== 1) return undefined;
	return deleted.filter((key) => typeof key === "string");
}

/** The server neither trims nor unescapes the names that it splits at commas. */
function join(keys: string[]): string {
	for (const key of keys)
		if (!key || key.includes(","))
			throw new RangeError(`requestAttributes: expected keys without comma, got "${key}"`);
	return keys.join(",");
}
