/** The assertions of the specs that run on Node and inside XS alike. */

function fail(message: string | undefined, text: string): never {
	throw new Error(message ? `${message}: ${text}` : text);
}

const show = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : plain(value));

function plain(value: unknown): string {
	try {
		return (
			JSON.stringify(value, (_, inner) => (inner instanceof Uint8Array ? [...inner] : inner)) ?? String(value)
		);
	} catch {
		return String(value);
	}
}

/** Holds that `value` is truthy. */
export function ok(value: unknown, message?: string): asserts value {
	if (!value) fail(message, `expected a truthy value, got ${show(value)}`);
}

/** Holds that both are the same value (`Object.is`). */
export function equal(actual: unknown, expected: unknown, message?: string): void {
	if (!Object.is(actual, expected)) fail(message, `expected ${show(expected)}, got ${show(actual)}`);
}

/** Holds that both have the same JSON form (byte arrays count as lists of numbers), keys in any order. */
export function deepEqual(actual: unknown, expected: unknown, message?: string): void {
	if (plain(sorted(actual)) !== plain(sorted(expected)))
		fail(message, `expected ${plain(expected)}, got ${plain(actual)}`);
}

/** Holds that `action` throws an error whose message contains `text`; returns the error. */
export function throws(action: () => unknown, text = "", message?: string): Error {
	try {
		action();
	} catch (error) {
		if (!String(error).includes(text)) fail(message, `expected an error with "${text}", got ${error}`);
		return error as Error;
	}
	return fail(message, `expected an error with "${text}", nothing was thrown`);
}

/** Holds that `text` contains `part`. */
export function includes(text: string, part: string, message?: string): void {
	if (!text.includes(part)) fail(message, `expected a text with "${part}", got ${show(text)}`);
}

function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (value instanceof Uint8Array) return [...value];
	if (value && typeof value === "object")
		return Object.fromEntries(
			Object.entries(value)
				.sort(([a], [b]) => (a < b ? -1 : 1))
				.map(([key, inner]) => [key, sorted(inner)]),
		);
	return value;
}
