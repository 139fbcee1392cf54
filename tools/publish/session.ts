// A user who stays logged in: an update may take longer than a token lives.
import { type Answer, RestClient } from "../peer/rest.ts";

const Login = "/api/auth/login";

/** Logs in at the first request, and again when the server does not know the token any more. */
export class Session extends RestClient {
	readonly #user: string;
	readonly #password: string;

	constructor(url: string, user: string, password: string) {
		super(url);
		this.#user = user;
		this.#password = password;
	}

	override async send(method: string, path: string, body?: object | string): Promise<Answer> {
		const answer = await super.send(method, path, body);
		if (answer.status !== 401 || path === Login) return answer;
		await this.login(this.#user, this.#password);
		return super.send(method, path, body);
	}
}
