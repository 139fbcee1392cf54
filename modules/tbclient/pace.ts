// When to try again, and what to tell, after each way in which a connection can end.
import { Backoff } from "tbclient/backoff";
import { TBError } from "tbclient/errors";
import { Rival } from "tbclient/rival";

const Stable = 10_000; // ms; a connection that dies sooner does not reset the back-off

/** How a connection ended, or an attempt failed. */
export interface Ended {
	error: TBError;
	/** ms since the server accepted it; undefined for an attempt. */
	life: number | undefined;
	/** Closed from the other side, while nothing that was sent waited for an answer. */
	unexplained: boolean;
	/** CONNACK 3: the server is there and has no time. */
	busy: boolean;
	/** "host:port". */
	where: string;
}

/** Paces attempts: soon after a loss, late after what only a person can cure, and not at all fast against a rival. */
export class Pace {
	#backoff: Backoff;
	#rival: Rival;

	/** `random` returns 0…1. */
	constructor(random: () => number) {
		this.#backoff = new Backoff(random);
		this.#rival = new Rival(random);
	}

	/** What is to be told, and ms until the next attempt. */
	after({ error, life, unexplained, busy, where }: Ended): { error: TBError; wait: number } {
		const rival = this.#rival;
		if (life !== undefined) rival.ended(life, unexplained);
		else if (!busy) rival.failed();
		if (life !== undefined && life >= Stable) this.#backoff.reset();
		if (unexplained && rival.suspected) return { error: takenOver(where, rival.ends), wait: rival.retreat() };
		return { error, wait: this.wait(error, busy) };
	}

	private wait({ code }: TBError, busy: boolean): number {
		if (code === "TB_RENEWED") return 0;
		const slow = code === "TB_CREDENTIALS" || code === "TB_TLS" || (code === "TB_REFUSED" && !busy);
		return slow ? this.#backoff.slow() : this.#backoff.next();
	}
}

function takenOver(where: string, ends: number): TBError {
	const text = `connection to ${where}: the server closed ${ends} in a row soon after it accepted them, and without cause`;
	return new TBError("TB_TAKEN_OVER", `${text}; another client may use these credentials`);
}
