// A ThingsBoard's REST API as any client sees it: log in, send, read. Nothing here knows whose server it is.

/** Any JSON object. */
export type Body = Record<string, unknown>;

/** What a request came to. */
export interface Answer {
	status: number;
	text: string;
	/** The body as JSON; `undefined` when it is empty or no JSON. */
	body: unknown;
}

/** The server refused; the message has its own words. */
export class RestError extends Error {
	readonly status: number;

	constructor(status: number, text: string) {
		super(text);
		this.status = status;
	}
}

/** Longest wait for one answer, milliseconds; a two-way RPC may take its whole timeout. */
const patience = 75_000;

/** One user of one server. */
export class RestClient {
	readonly url: string;
	#token = "";
	#refresh = "";

	/** `url`: e.g. `http://127.0.0.1:8080`. Call `login` first. */
	constructor(url: string) {
		const text = url.replace(/\/+$/, "");
		this.url = /^https?:\/\//.test(text) ? text : `http://${text}`;
	}

	/** The access token, as `X-Authorization: Bearer` and the websocket want it; empty before `login`. */
	get token(): string {
		return this.#token;
	}

	get refreshToken(): string {
		return this.#refresh;
	}

	/** @throws Error with the server's own text when it refuses. */
	async login(username: string, password: string): Promise<void> {
		this.use(await this.ask("POST", "/api/auth/login", { username, password }));
	}

	/** Takes over the tokens of an answer of `/api/auth/login`, `/api/auth/token` or `/api/noauth/activate`. */
	use({ token, refreshToken }: Body): void {
		this.#token = String(token);
		this.#refresh = String(refreshToken);
	}

	/** Sends a request; every status is an answer. Objects go out as JSON, text as it is (under JSON's content type). */
	async send(method: string, path: string, body?: object | string): Promise<Answer> {
		const headers: Record<string, string> = this.#token ? { "X-Authorization": `Bearer ${this.#token}` } : {};
		const form = body instanceof FormData;
		if (body !== undefined && !form) headers["Content-Type"] = "application/json";
		const sent = form || typeof body === "string" ? body : JSON.stringify(body);
		const response = await this.#fetch(`${method} ${path}`, path, {
			method,
			headers,
			signal: AbortSignal.timeout(patience),
			...(sent === undefined ? {} : { body: sent }),
		});
		const text = await response.text();
		return { status: response.status, text, body: parsed(text) };
	}

	/** @throws Error that names the server and asks whether it runs, when no answer comes */
	async #fetch(what: string, path: string, request: RequestInit): Promise<Response> {
		try {
			return await fetch(this.url + path, request);
		} catch (error) {
			const { message, cause } = error as Error & { cause?: { code?: string } };
			const why = cause?.code ?? message;
			throw new Error(`${what}: expected an answer of ${this.url}, got ${why}: is a server running there?`, {
				cause: error,
			});
		}
	}

	/** A file. @throws RestError */
	async download(path: string): Promise<Buffer> {
		const headers = { "X-Authorization": `Bearer ${this.#token}` };
		const request = { headers, signal: AbortSignal.timeout(patience) };
		const response = await this.#fetch(`GET ${path}`, path, request);
		if (response.ok) return Buffer.from(await response.arrayBuffer());
		throw new RestError(response.status, `GET ${path}: expected a file, got ${response.status}`);
	}

	/** `send` that must succeed. @throws RestError with the request, the status and the server's own text. */
	async ask(method: string, path: string, body?: object | string): Promise<Body> {
		const { status, text, body: answer } = await this.send(method, path, body);
		if (status >= 200 && status < 300) return answer as Body;
		const said = `${method} ${path}: expected success, got ${status} ${reasonIn(answer) ?? text}`;
		throw new RestError(status, said);
	}
}

/** The sentence in the server's error JSON. */
function reasonIn(body: unknown): string | undefined {
	const message = (body as { message?: unknown } | undefined)?.message;
	return typeof message === "string" ? message : undefined;
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** The id of a ThingsBoard entity, `{id: {entityType, id}}`. */
export const idOf = (body: Body): string => String((body.id as { id?: unknown } | undefined)?.id);

/** `{entityType, id}`. */
export const reference = (entityType: string, id: string): { entityType: string; id: string } => ({
	entityType,
	id,
});
