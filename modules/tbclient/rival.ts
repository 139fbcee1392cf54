const Short = 150_000; // ms; the usual clients try again within two minutes
const Many = 5; // such ends in a row
const First = 60_000; // ms
const Longest = 900_000;

/**
 * Recognises another client with the same credentials. ThingsBoard keeps one session for a device: the newer one wins and the
 * older one is closed, without a word in MQTT 3.1.1, so two clients that connect again end each other for ever. What tells it from
 * other trouble: connecting always succeeds, and soon afterwards the server closes a connection on which nothing of ours waited
 * for an answer. Five of those in a row are taken for a rival.
 */
export class Rival {
	#ends = 0;
	#random: () => number;

	/** `random` returns 0…1. */
	constructor(random: () => number) {
		this.#random = random;
	}

	/** How many ends in a row speak for a rival. */
	get ends(): number {
		return this.#ends;
	}

	/** True when there is reason to report it. */
	get suspected(): boolean {
		return this.#ends >= Many;
	}

	/** An accepted connection ended after `life` ms; `unexplained`: by the server, while nothing of ours waited for an answer. */
	ended(life: number, unexplained: boolean): void {
		if (life >= Short) this.#ends = 0;
		else if (unexplained) this.#ends += 1;
	}

	/** An attempt failed: the trouble is the network's or the server's. */
	failed(): void {
		this.#ends = 0;
	}

	/** The wait before the next attempt, ms: from 30…60 s up to 7.5…15 min, so that the other client can work. */
	retreat(): number {
		const bound = Math.min(First * 2 ** (this.#ends - Many), Longest);
		return Math.floor((bound * (1 + this.#random())) / 2);
	}
}
