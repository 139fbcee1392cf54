// REST as a tenant administrator uses it.
import { parseExact } from "./exact.ts";

/** An answer that is no success, in the server's own words. */
export class ApiError extends Error {
	override readonly name = "ApiError";
	readonly status: number;

	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

/** A page of ThingsBoard's lists. */
export interface PageData<T> {
	data: T[];
}

export class Api {
	#token = "";
	/** Asked for a new token when the server no longer takes ours. */
	onExpired: () => Promise<void> = async () => undefined;

	get token(): string {
		return this.#token;
	}

	/** Logs in. Throws `ApiError` when the server refuses. */
	async login(username: string, password: string): Promise<void> {
		const answer = await this.#fetch("POST", "/api/auth/login", { username, password });
		this.#token = ((await answer.json()) as { token: string }).token;
	}

	/** Sends a request and gives the answer's JSON; `undefined` when it is empty. */
	async send<T = unknown>(method: string, path: string, body?: object): Promise<T> {
		const text = await (await this.open(method, path, body)).text();
		return (text ? parseExact(text) : undefined) as T;
	}

	/** Sends a request and gives the answer itself. */
	async open(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Response> {
		try {
			return await this.#fetch(method, path, body, signal);
		} catch (error) {
			if (!(error instanceof ApiError) || error.status !== 401) throw error;
			await this.onExpired();
			return this.#fetch(method, path, body, signal);
		}
	}

	async #fetch(method: string, path: string, body?: object, signal?: AbortSignal): Promise<Response> {
		const headers: Record<string, string> = this.#token ? { "X-Authorization": `Bearer ${this.#token}` } : {};
		const form = body instanceof FormData;
		if (body && !form) headers["Content-Type"] = "application/json";
		const init: RequestInit = { method, headers };
		if (body) init.body = form ? body : JSON.stringify(body);
		if (signal) init.signal = signal;
		const answer = await fetch(path, init);
		if (!answer.ok) throw new ApiError(answer.status, await reason(answer));
		return answer;
	}
}

async function reason(answer: Response): Promise<string> {
	const text = await answer.text();
	try {
		return (JSON.parse(text) as { message?: string }).message ?? text;
	} catch {
		return text || `${answer.status} ${answer.statusText}`;
	}
}
