import { deepEqual, equal, includes, ok } from "../assert.ts";
import { type Failure, RestBench, refusal } from "./rest-bench.ts";

describe("thingsboard REST credentials", () => {
	const on = new RestBench();

	describe("credentials", () => {
		const credentials = async () =>
			(await on.get(`/api/device/${on.at.device.id}/credentials`)).body as object;
		const save = async (over: object) =>
			on.post("/api/device/credentials", { ...(await credentials()), ...over });

		it("are stored and shown in all types", async () => {
			const basic = { clientId: "c", userName: "u", password: "p" };
			const cases: [object, string | null][] = [
				[{ credentialsType: "ACCESS_TOKEN", credentialsId: "t2" }, null],
				[{ credentialsType: "MQTT_BASIC", credentialsValue: JSON.stringify(basic) }, JSON.stringify(basic)],
				[
					{
						credentialsType: "X509_CERTIFICATE",
						credentialsValue: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
					},
					"MIIB",
				],
			];
			for (const [over, value] of cases) {
				equal((await save(over)).status, 200);
				const { credentialsValue } = (await credentials()) as { credentialsValue: unknown };
				equal(credentialsValue, value);
			}
		});

		it("are refused with the server's words", async () => {
			await on.post("/api/device?accessToken=taken", { name: "other" });
			const basic = (value: object) => ({
				credentialsType: "MQTT_BASIC",
				credentialsValue: JSON.stringify(value),
			});
			const cases: [object, string][] = [
				[{ credentialsId: "taken" }, "Device credentials are already assigned to another device!"],
				[{ credentialsId: "" }, "Device credentials id should be specified!"],
				[{ credentialsId: "a\nb" }, "credentialsId must not contain control characters!"],
				[{ credentialsType: "NONE" }, "Device credentials type should be specified"],
				[{ credentialsType: "X509_CERTIFICATE" }, "Device credentials value should be specified!"],
				[basic({}), "Both mqtt client id and user name are empty!"],
				[basic({ clientId: "c", password: "p" }), "Password cannot be specified"],
				[{ ...basic({}), credentialsValue: "{" }, "Invalid credentials body for simple mqtt credentials!"],
				[{ id: null }, "Credentials for this device are already specified!"],
				[{ id: { id: "x" } }, "Unable to update non-existent device credentials!"],
			];
			for (const [over, message] of cases) {
				const [status, text] = await refusal(save(over));
				equal(status, 400);
				includes(text, message);
			}
		});

		it("come with a new device when it is asked for", async () => {
			const body = {
				device: { name: "both" },
				credentials: { credentialsType: "ACCESS_TOKEN", credentialsId: "tt" },
			};
			equal((await on.post("/api/device-with-credentials", body)).status, 200);
			equal(on.at.server.core.devices.byCredentialsId("tt")?.info.name, "both");
			equal((await on.post("/api/device-with-credentials", { device: {} })).status, 400);
		});
	});

	describe("tokens", () => {
		it("expire after 9000 s, and a refresh token gives new ones for a week", async () => {
			const login = { username: "tenant@thingsboard.org", password: "tenant" };
			const { body } = await on.post("/api/auth/login", login);
			const { refreshToken } = body as { refreshToken: string };
			on.at.clock.advance(8_999_000);
			equal((await on.get("/api/auth/user")).status, 200);
			on.at.clock.advance(1_000);
			const expired = await on.get("/api/auth/user");
			deepEqual([expired.status, (expired.body as Failure).errorCode], [401, 11]);
			const pair = await on.post("/api/auth/token", { refreshToken });
			ok((pair.body as { token: string }).token);
			on.at.clock.advance(604_800_000);
			equal((await on.post("/api/auth/token", { refreshToken })).status, 401);
			equal((await on.post("/api/auth/token", { refreshToken: "a.b.c" })).status, 401);
			equal((await on.post("/api/auth/login", {})).status, 401);
		});
	});
});
