// Whether the server answers, while an update is followed: told when it changes, not at every look.
import { RestError } from "../peer/rest.ts";

/** Who is told. */
export interface LinkEvents {
	/** Nothing is answered any more. */
	onAway(reason: string): void;
	/** Something is, after so many milliseconds. */
	onBack(away: number): void;
	/** Some questions were answered, this one was not; once for each text. */
	onTrouble(text: string): void;
}

/** Sums up rounds of questions. */
export class Link {
	readonly #events: LinkEvents;
	readonly #told = new Set<string>();
	#awaySince: number | undefined;

	constructor(events: LinkEvents) {
		this.#events = events;
	}

	/** After a round: when it began, how many questions were answered, what became of the others. */
	saw(began: number, answers: number, failures: readonly Error[], now: number): void {
		const [first] = failures;
		if (answers > 0) this.#answered(failures, now);
		else if (first && this.#awaySince === undefined) {
			this.#awaySince = began;
			this.#events.onAway(reasonOf(first));
		}
	}

	/** Milliseconds without an answer until now; 0 while there are answers. */
	silence(now: number): number {
		return this.#awaySince === undefined ? 0 : now - this.#awaySince;
	}

	#answered(failures: readonly Error[], now: number): void {
		const away = this.silence(now);
		if (this.#awaySince !== undefined) this.#events.onBack(away);
		this.#awaySince = undefined;
		for (const text of failures.map(reasonOf)) {
			if (!this.#told.has(text)) this.#events.onTrouble(text);
			this.#told.add(text);
		}
	}
}

/** In a few words, and the same ones at every look: no times, no query. */
export function reasonOf(error: Error): string {
	const cause = (error.cause as { cause?: { code?: string } } | undefined)?.cause;
	if (!(error instanceof RestError) && cause?.code) return cause.code;
	return error.message.replaceAll(/\?\S*?(?=: |$)/g, "");
}
