import fc from "fast-check";
import type { Clock } from "../../thingsboard/clock.ts";
import { Core } from "../../thingsboard/core.ts";
import { restApp } from "../../thingsboard/rest/app.ts";
import { tenant } from "../../thingsboard/users.ts";
import { equal, ok } from "../assert.ts";

const runs = process.env.TEST_LONG === "1" ? 2000 : 150;
const fresh = Date.now() % 1_000_000;

/** Bodies: JSON whose members have the right names and wrong values, any JSON, any text. */
const names = [
	"id",
	"name",
	"title",
	"type",
	"version",
	"deviceProfileId",
	"firmwareId",
	"profileData",
	"method",
];
const more = [
	"params",
	"timeout",
	"credentialsType",
	"credentialsValue",
	"deviceId",
	"email",
	"cmds",
	"ts",
	"values",
];
const member = fc.oneof(
	fc.jsonValue(),
	fc.record({ id: fc.oneof(fc.string(), fc.constant("13814000-1dd2-11b2-8080-808080808081")) }),
	fc.constantFrom(
		"DEFAULT",
		"MQTT",
		"FIRMWARE",
		"MQTT_BASIC",
		"X509_CERTIFICATE",
		"CUSTOMER_USER",
		"9e99999",
	),
);
const body = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.dictionary(fc.constantFrom(...names, ...more), member).map((o) => JSON.stringify(o)),
	},
	{ weight: 1, arbitrary: fc.json() },
	{ weight: 1, arbitrary: fc.string({ unit: "binary" }) },
);
const text = fc.oneof(fc.string(), fc.constantFrom("1", "-1", "1e9", "true", "NaN", "a,b", "%00"));

/** Time in which every wait is over at once: what waits for a device has waited long enough. */
class InstantClock implements Clock {
	now(): number {
		return 1_700_000_000_000;
	}

	after(_ms: number, action: () => void): () => void {
		const timer = setImmediate(action);
		return () => clearImmediate(timer);
	}
}

describe("thingsboard REST, whatever comes", function () {
	this.timeout(60_000);

	for (const seed of [1, fresh])
		it(`answers with a status that is no failure of its own, and stays (seed ${seed})`, async () => {
			const core = new Core({ clock: new InstantClock() });
			const seen = new Map<number, number>();
			const device = core.devices.create({ name: "d" }, "t");
			const app = restApp(core);
			const { token } = core.users.login(tenant.username, tenant.password) ?? {};
			const headers = { "x-authorization": `Bearer ${token}`, "content-type": "application/json" };
			const id = device.id;
			const entity = `/api/plugins/telemetry/DEVICE/${id}`;
			const posts = [
				"/api/auth/login",
				"/api/auth/token",
				"/api/noauth/activate",
				"/api/device",
				"/api/device-with-credentials",
				"/api/device/credentials",
				"/api/deviceProfile",
				"/api/customer",
				"/api/user",
				"/api/otaPackage",
				`${entity}/timeseries/ANY`,
				`${entity}/SHARED_SCOPE`,
				`/api/rpc/oneway/${id}`,
				"/api/standin/faults",
				"/api/standin/publish",
			];
			const gets = [
				"/api/tenant/devices?pageSize=",
				"/api/tenant/devices?page=0&pageSize=5&sortProperty=",
				`${entity}/values/timeseries?startTs=0&endTs=`,
				`${entity}/values/attributes/`,
				"/api/device/",
				"/api/deviceProfile/",
				"/api/rpc/persistent/",
				"/api/otaPackages?page=0&pageSize=",
			];
			const request = fc.oneof(
				fc.record({ method: fc.constant("POST" as const), url: fc.constantFrom(...posts), payload: body }),
				fc.record({
					method: fc.constant("GET" as const),
					url: fc.tuple(fc.constantFrom(...gets), text).map(([path, end]) => path + encodeURIComponent(end)),
				}),
			);
			await fc.assert(
				fc.asyncProperty(request, async (sent) => {
					const { statusCode, json } = await app.inject({ ...sent, headers });
					seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1);
					if (statusCode < 500 || statusCode === 504) return;
					// Without a method the server fails, and says so (AbstractRpcController).
					equal(json().message, "method: expected a text, there is none");
				}),
				// Few random names are well formed: one that is, and that nobody has, comes first.
				{ seed, numRuns: runs, examples: [[{ method: "GET", url: `/api/device/${crypto.randomUUID()}` }]] },
			);
			for (const status of [200, 400, 404])
				ok((seen.get(status) ?? 0) > 0, `no ${status} among ${JSON.stringify([...seen])}`);
			// Nothing that was stored makes what follows fail.
			for (const url of [
				"/api/tenant/devices",
				"/api/deviceProfiles",
				"/api/otaPackages",
				"/api/customers",
			]) {
				const { statusCode } = await app.inject({ url: `${url}?pageSize=1000&page=0`, headers });
				equal(statusCode, 200, url);
			}
			ok(core.devices.byId(id));
			await app.close();
		});
});
