import "../../setup.ts";
import type { Credentials } from "tbclient/credentials";
import { deepEqual, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, make } from "./rig.ts";

/** What CONNECT would carry. */
function login(credentials: Credentials): Record<string, unknown> {
	make({}, credentials);
	clock.advance(0);
	const { id, user, password } = FakeMQTT.last.options;
	client.close();
	return Object.fromEntries(
		Object.entries({ id, user, password }).filter(([, value]) => value !== undefined),
	);
}

describe("TBClient: credentials", () => {
	beforeEach(begin);

	it("sends an access token as user name", () => deepEqual(login({ token: "A1" }), { user: "A1" }));
	it("sends basic credentials as they are registered", () => {
		deepEqual(login({ clientId: "c" }), { id: "c" });
		deepEqual(login({ userName: "u" }), { user: "u" });
		deepEqual(login({ userName: "u", password: "p" }), { user: "u", password: "p" });
		deepEqual(login({ clientId: "c", userName: "u", password: "p" }), { id: "c", user: "u", password: "p" });
	});
	it("sends a client identifier beside a token", () =>
		deepEqual(login({ token: "A1", clientId: "c" }), { id: "c", user: "A1" }));
	it("sends nothing without credentials, which a client certificate replaces", () =>
		deepEqual(login({}), {}));
	it("takes empty texts for absent", () =>
		deepEqual(login({ token: "", clientId: "", userName: "", password: "" }), {}));
	it("refuses a token beside user name or password", () => {
		throws(() => login({ token: "A1", userName: "u" }), "got both");
		throws(() => login({ token: "A1", password: "p" }), "got both");
	});
	it("refuses a password without a user name, which MQTT 3.1.1 has no place for", () =>
		throws(() => login({ password: "p" }), "password: expected a user name"));
	it("refuses what is no text, and does not repeat it", () => {
		for (const name of ["token", "clientId", "userName", "password"])
			throws(() => login({ [name]: 4711 }), `${name}: expected a string, got number`);
		try {
			login({ token: "SECRET", userName: "ALSO" });
			throw new Error("accepted");
		} catch (error) {
			ok(!/SECRET|ALSO/.test(String(error)));
		}
	});
});
