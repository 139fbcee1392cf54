// A user who stays logged in: an update may take longer than a token lives.
import { type Answer, RestClient } from "../peer/rest.ts";

const Login = "/api/auth/login";

/** Logs in at the first request, and again when the server does not know the token any more. */
export class Session extends RestClient {
	readonly #user: string;
	readonly #password: string;
	/** Under way: one for all requests that wait for it. */
	#login: Promise<void> | undefined;

	constructor(url: string, user: string, password: string) {
		super(url);
		this.#user = user;
		this.#password = password;
	}

	override async send(method: string, path: string, body?: object | string): Promise<Answer> {
		const { token } = this;
		const answer = await super.send(method, path, body);
		if (answer.status !== 401 || path === Login) return answer;
		if (token === this.token) await this.#again();
		return super.send(method, path, body);
	}

	#again(): Promise<void> {
		this.#login ??= this.login(this.#user, this.#password).finally(() => {
			this.#login = undefined;
		});
		return this.#login;
	}
}
