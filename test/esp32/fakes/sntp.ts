// `sntp`: a server that answers when told.
type Answer = (message: number, value?: number | string) => void;

/** Questions that have no answer yet, oldest first, and the servers they went to. */
export const questions: { host: string; answer: Answer }[] = [];

export default class SNTP {
	static readonly time = 1;
	static readonly retry = 2;
	static readonly error = -1;

	constructor({ host }: { host: string }, answer: Answer) {
		questions.push({ host, answer });
	}
}
