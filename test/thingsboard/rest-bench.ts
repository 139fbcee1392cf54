// What specs of REST share: requests on one server, and what a refusal says.
import { equal } from "../assert.ts";
import { type Bench, bench } from "./server.ts";

export type Id = { id: { id: string } };
export type Failure = { status: number; message: string; errorCode: number };

type Answer = Promise<{ status: number; body: unknown }>;

/** A server for each spec of the suite that calls it. */
export class RestBench {
	at!: Bench;

	constructor() {
		beforeEach(async () => {
			this.at = await bench();
		});
		afterEach(() => this.at.end());
	}

	post(path: string, body: object | string): Answer {
		return this.at.rest.send("POST", path, body);
	}

	get(path: string): Answer {
		return this.at.rest.send("GET", path);
	}

	remove(path: string): Answer {
		return this.at.rest.send("DELETE", path);
	}
}

/** Status and message of a refusal; both must tell the same status. */
export async function refusal(answer: Answer): Promise<[number, string]> {
	const { status, body } = await answer;
	equal((body as Failure).status, status);
	return [status, (body as Failure).message];
}
