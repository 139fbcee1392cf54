// Whose fault an error is: that decides the status.
import { RestError } from "../peer/rest.ts";

/** A mistake of the caller, or a reason not to publish; the message says what was expected and what came. */
export class CheckError extends Error {}

/** What the server did not get done, although nothing was wrong with the question (RFC 9110, RFC 6585). */
const Passing = [408, 429];

/** 2 for a mistake of the caller, also one that the server has found; 1 for everything else. */
export function statusOf(error: unknown): 1 | 2 {
	if (error instanceof CheckError) return 2;
	const isRefused = error instanceof RestError && error.status >= 400 && error.status < 500;
	return isRefused && !Passing.includes(error.status) ? 2 : 1;
}

/** What `action` gives; what it throws becomes a mistake of the caller. */
export async function blaming<T>(what: string, action: () => T | Promise<T>): Promise<T> {
	try {
		return await action();
	} catch (error) {
		if (error instanceof CheckError) throw error;
		throw new CheckError(`${what}${(error as Error).message}`);
	}
}
