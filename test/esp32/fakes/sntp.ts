// `sntp`: a server that answers when told.
type Answer = (message: number, value?: number | string) => void;

/** Why no question can be asked: no memory, no socket. */
export const sockets: { failure: string } = { failure: "" };
/** Questions that have no answer yet, oldest first, and the servers they went to. */
export const questions: { host: string; answer: Answer }[] = [];

export default class SNTP {
	static readonly time = 1;
	static readonly retry = 2;
	static readonly error = -1;

	constructor({ host }: { host: string }, answer: Answer) {
		if (sockets.failure) throw new Error(sockets.failure);
		questions.push({ host, answer });
	}
}
