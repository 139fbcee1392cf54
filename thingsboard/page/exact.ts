// JSON whose numbers keep their notation: to ThingsBoard 20.0 is no 20, and 9223372036854775807 is more than a double holds.

interface ExactJSON {
	rawJSON?(text: string): object;
	parse(
		text: string,
		reviver: (key: string, value: unknown, context?: { source?: string }) => unknown,
	): unknown;
}

const json = JSON as unknown as ExactJSON;

/** `JSON.parse`, with numbers that a double would change kept as they were written, where the browser can do that. */
export function parseExact(text: string): unknown {
	return json.parse(text, (_key, value, context) =>
		typeof value === "number" && context?.source && String(value) !== context.source && json.rawJSON
			? json.rawJSON(context.source)
			: value,
	);
}

/** A text as JSON when it is JSON, else as the text it is: what a person types into a value field. */
export function typed(text: string): unknown {
	try {
		return parseExact(text);
	} catch {
		return text;
	}
}
