/** The application's and the host's exceptions end here: one that escaped would restart the chip. */

/** What `action` gives, or undefined when it threw. */
export function attempt<T>(action: () => T): T | undefined {
	try {
		return action();
	} catch {
		return undefined;
	}
}

/** What `action` gives; what it throws is made an error of ours. */
export function naming<T>(what: string, name: (what: string, cause: unknown) => Error, action: () => T): T {
	try {
		return action();
	} catch (error) {
		throw name(what, error);
	}
}
