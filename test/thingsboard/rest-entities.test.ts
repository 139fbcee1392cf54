import { deepEqual, equal, includes, ok } from "../assert.ts";
import { type Bench, bench, online } from "./server.ts";

type Id = { id: { id: string } };
type Failure = { status: number; message: string; errorCode: number };

describe("thingsboard REST entities", () => {
	let at: Bench;
	const post = (path: string, body: object | string) => at.rest.send("POST", path, body);
	const get = (path: string) => at.rest.send("GET", path);
	/** What a refusal says; its status must be that of the answer. */
	const refusal = async (answer: Promise<{ status: number; body: unknown }>): Promise<[number, string]> => {
		const { status, body } = await answer;
		equal((body as Failure).status, status);
		return [status, (body as Failure).message];
	};
	beforeEach(async () => {
		at = await bench();
	});
	afterEach(() => at.end());

	describe("lists", () => {
		beforeEach(async () => {
			for (const name of ["b", "a", "c1", "c2"]) await post("/api/device", { name, type: name.slice(0, 1) });
		});
		const names = async (query: string) => {
			const { body } = await get(`/api/tenant/devices?${query}`);
			const { data, ...rest } = body as { data: { name: string }[] };
			return [data.map(({ name }) => name).join(), rest];
		};

		it("come in pages, searched and ordered", async () => {
			deepEqual(await names("pageSize=2&page=0&sortProperty=name&sortOrder=DESC"), [
				"d,c2",
				{ totalPages: 3, totalElements: 5, hasNext: true },
			]);
			deepEqual(await names("pageSize=10&page=0&textSearch=C"), [
				"c1,c2",
				{ totalPages: 1, totalElements: 2, hasNext: false },
			]);
			deepEqual((await names("pageSize=10&page=0&type=a"))[0], "a");
			deepEqual((await names("pageSize=10&page=7"))[0], "");
			deepEqual((await names("pageSize=10&page=0&sortProperty=createdTime"))[0], "d,b,a,c1,c2");
		});

		it("refuse a missing page, a page size of 0 and an order that there is none", async () => {
			const refused = async (query: string) => (await refusal(get(`/api/tenant/devices?${query}`)))[1];
			includes(await refused("page=0"), "Required request parameter 'pageSize'");
			includes(await refused("pageSize=0&page=0"), "Page size must be greater than zero");
			includes(await refused("pageSize=x&page=0"), "expected a whole number");
			includes(
				await refused("pageSize=1&page=0&sortProperty=name&sortOrder=UP"),
				"Unsupported sort order 'UP'",
			);
		});

		it("of device infos tell profile, customer and connection", async () => {
			await online(at);
			const { body } = await get("/api/tenant/deviceInfos?pageSize=10&page=0&active=true");
			const { data } = body as { data: Record<string, unknown>[] };
			equal(data.length, 1);
			deepEqual([data[0]?.name, data[0]?.deviceProfileName, data[0]?.customerTitle], ["d", "default", null]);
		});
	});

	describe("devices", () => {
		it("keep their form through a save, and are renamed, relabelled and moved to another type", async () => {
			const made = (await post("/api/device", { name: "n", label: "l", additionalInfo: { gateway: true } }))
				.body;
			deepEqual((await post("/api/device", made as object)).body, made);
			const saved = (
				await post("/api/device", { ...(made as object), name: "m", deviceProfileId: null, type: "t" })
			).body as { name: string; type: string; label: string };
			deepEqual([saved.name, saved.type, saved.label], ["m", "t", "l"]);
			equal((await get("/api/tenant/devices?deviceName=n")).status, 404);
		});

		it("are refused with the server's words", async () => {
			const cases: [object | string, number, string][] = [
				[{}, 400, "Device name should be specified!"],
				[{ name: "d" }, 400, "Device with such name already exists!"],
				[{ name: "x".repeat(256) }, 400, "Validation error: name length must be equal or less than 255"],
				[{ name: "x", id: { id: "no" } }, 400, "Invalid UUID string: no"],
				[
					{ name: "x", deviceProfileId: { id: "no" } },
					400,
					"Device is referencing non existing device profile!",
				],
				[{ name: "x", firmwareId: { id: "no" } }, 400, "Can't assign non-existent firmware!"],
				["[]", 400, "body: expected a JSON object"],
				["{", 400, "body: expected JSON"],
				["", 400, "body: expected JSON"],
			];
			for (const [body, status, message] of cases) {
				const [actual, text] = await refusal(post("/api/device", body));
				equal(actual, status);
				includes(text, message);
			}
			const id = "00000000-0000-0000-0000-000000000000";
			deepEqual(await refusal(get(`/api/device/${id}`)), [404, `Device with id [${id}] is not found`]);
		});

		it("answer deep nesting with 400, and a body over 16 MiB with 413", async () => {
			const bomb = `{"name":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
			equal((await post("/api/device", bomb)).status, 400);
			equal((await post(`/api/plugins/telemetry/DEVICE/${at.device.id}/timeseries/ANY`, bomb)).status, 400);
			equal(
				(await post(`/api/rpc/oneway/${at.device.id}`, `{"method":"m","params":${"[".repeat(9999)}}`)).status,
				400,
			);
			equal((await post("/api/device", "x".repeat(16 * 1024 * 1024 + 1))).status, 413);
			equal((await get(`/api/device/${at.device.id}`)).status, 200);
		});
	});

	describe("credentials", () => {
		const credentials = async () => (await get(`/api/device/${at.device.id}/credentials`)).body as object;
		const save = async (over: object) =>
			post("/api/device/credentials", { ...(await credentials()), ...over });

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
			await post("/api/device?accessToken=taken", { name: "other" });
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
			equal((await post("/api/device-with-credentials", body)).status, 200);
			equal(at.server.core.devices.byCredentialsId("tt")?.info.name, "both");
			equal((await post("/api/device-with-credentials", { device: {} })).status, 400);
		});
	});

	describe("device profiles", () => {
		const profile = (over: object = {}, transport: object = {}) => ({
			name: "p",
			type: "DEFAULT",
			transportType: "MQTT",
			provisionType: "ALLOW_CREATE_NEW_DEVICES",
			provisionDeviceKey: "k",
			profileData: {
				configuration: { type: "DEFAULT" },
				transportConfiguration: { type: "MQTT", ...transport },
				provisionConfiguration: { type: "ALLOW_CREATE_NEW_DEVICES", provisionDeviceSecret: "s" },
				alarms: null,
			},
			...over,
		});

		it("keep their form through a save", async () => {
			const made = await post(
				"/api/deviceProfile",
				profile({}, { deviceTelemetryTopic: "t/+", sendAckOnValidationException: true }),
			);
			equal(made.status, 200);
			deepEqual((await post("/api/deviceProfile", made.body as object)).body, made.body);
			const { provision, transport } = at.server.core.profiles.byName("p") ?? {};
			deepEqual([provision?.key, provision?.secret, transport?.deviceTelemetryTopic], ["k", "s", "t/+"]);
			const list = (await get("/api/deviceProfileInfos?pageSize=9&page=0")).body as { totalElements: number };
			equal(list.totalElements, 2);
		});

		it("are refused with the server's words", async () => {
			const made = (await post("/api/deviceProfile", profile())).body as Id;
			await post("/api/device", { name: "x", type: "p" });
			const cases: [object, string][] = [
				[profile({ name: "" }), "Device profile name should be specified!"],
				[profile({ type: null }), "Device profile type should be specified!"],
				[profile({ transportType: "X" }), "Device profile transport type should be specified!"],
				[profile(), "Device profile with such name already exists!"],
				[profile({ name: "q" }), "Device profile with such provision device key already exists!"],
				[profile({ id: made.id, transportType: "COAP" }), "because devices referenced it!"],
				[profile({ name: "q", provisionDeviceKey: "", profileData: 1 }), "profileData: expected an object"],
				[profile({ name: "q", provisionDeviceKey: "" }, { deviceTelemetryTopic: "a#" }), "wildcards"],
			];
			for (const [body, message] of cases) {
				const [status, text] = await refusal(post("/api/deviceProfile", body));
				equal(status, 400);
				includes(text, message);
			}
			const remove = (id: string) => at.rest.send("DELETE", `/api/deviceProfile/${id}`);
			includes((await refusal(remove(made.id.id)))[1], "referenced by the devices cannot be deleted");
			const standard = (await get("/api/deviceProfileInfo/default")).body as Id;
			includes(
				(await refusal(remove(standard.id.id)))[1],
				"Deletion of Default Device Profile is prohibited!",
			);
		});
	});

	describe("packages", () => {
		const info = { title: "t", version: "1", type: "FIRMWARE" };
		const create = async (over: object = {}) =>
			((await post("/api/otaPackage", { ...info, ...over })).body as Id).id.id;
		const form = (bytes: string, name = "file") => {
			const data = new FormData();
			data.append(name, new Blob([bytes]), "x.bin");
			return data;
		};

		it("are listed, downloaded and kept while a device needs them", async () => {
			const id = await create();
			await post(`/api/otaPackage/${id}?checksumAlgorithm=MD5`, form("bytes"));
			equal((await get(`/api/otaPackage/${id}/download`)).body, "bytes");
			const list = (await get("/api/otaPackages?pageSize=1&page=0&textSearch=T")).body as {
				totalElements: number;
			};
			equal(list.totalElements, 1);
			await at.rest.assign(at.device, id);
			includes((await refusal(at.rest.send("DELETE", `/api/otaPackage/${id}`)))[1], "cannot be deleted");
			await at.rest.assign(at.device, null);
			equal((await at.rest.send("DELETE", `/api/otaPackage/${id}`)).status, 200);
		});

		it("are refused with the server's words", async () => {
			const id = await create();
			const upload = (data: FormData | string, query = "checksumAlgorithm=MD5", which = id) =>
				refusal(at.rest.send("POST", `/api/otaPackage/${which}?${query}`, data));
			includes((await upload(form(""), ""))[1], "Required request parameter 'checksumAlgorithm'");
			includes((await upload(form("")))[1], "OtaPackage data should be specified!");
			includes((await upload(form("a", "other")))[1], "expected a part named file");
			includes((await upload("{}"))[1], "expected multipart/form-data");
			includes((await upload(form("a"), "checksumAlgorithm=MD5&checksum=00"))[1], "Wrong otaPackage file!");
			const url = await create({ version: "2", usesUrl: true, url: "http://x" });
			includes((await upload(form("a"), undefined, url))[1], "File can't be saved if URL present!");
			equal(
				(await at.rest.send("POST", `/api/otaPackage/${id}?checksumAlgorithm=MD5`, form("a"))).status,
				200,
			);
			includes((await upload(form("b")))[1], "Updating otaPackage data is prohibited!");
			const title = "x".repeat(256);
			includes((await refusal(post("/api/otaPackage", { ...info, title })))[1], "length of title");
			includes(
				(await refusal(post("/api/otaPackage", { ...info, version: "3", usesUrl: true })))[1],
				"URL should be",
			);
		});

		it("an upload that is cut off is refused and stores nothing; the server goes on", async () => {
			const id = await create();
			const cut = '--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhalf';
			const response = await fetch(`${at.server.url}/api/otaPackage/${id}?checksumAlgorithm=MD5`, {
				method: "POST",
				headers: {
					"X-Authorization": `Bearer ${at.rest.token}`,
					"Content-Type": "multipart/form-data; boundary=x",
				},
				body: cut,
			});
			equal(response.status, 400);
			const aborted = new AbortController();
			const endless = new ReadableStream({
				pull(controller) {
					controller.enqueue(new Uint8Array(1000));
					aborted.abort();
				},
			});
			await fetch(`${at.server.url}/api/otaPackage/${id}?checksumAlgorithm=MD5`, {
				method: "POST",
				headers: {
					"X-Authorization": `Bearer ${at.rest.token}`,
					"Content-Type": "multipart/form-data; boundary=x",
				},
				body: endless,
				signal: aborted.signal,
				duplex: "half",
			} as RequestInit).catch(() => undefined);
			equal(((await get(`/api/otaPackage/${id}`)).body as { hasData: boolean }).hasData, false);
		});
	});

	describe("telemetry", () => {
		const path = () => `/api/plugins/telemetry/DEVICE/${at.device.id}`;

		it("is deleted by range or altogether, and its keys are told", async () => {
			await post(
				`${path()}/timeseries/ANY`,
				JSON.stringify([1, 2, 3].map((ts) => ({ ts, values: { a: ts, b: 1 } }))),
			);
			const remove = (query: string) => at.rest.send("DELETE", `${path()}/timeseries/delete?${query}`);
			equal((await remove("keys=a&startTs=1&endTs=3")).status, 200);
			equal((await remove("keys=b&deleteAllDataForKeys=true")).status, 200);
			deepEqual((await get(`${path()}/keys/timeseries`)).body, ["a"]);
			equal((await remove("keys=a")).status, 400);
			equal((await remove("deleteAllDataForKeys=true")).status, 400);
			equal(at.device.series.get("a")?.length, 1);
		});

		it("and attributes are refused with bare text, as their controller does", async () => {
			const unknown = "/api/plugins/telemetry/DEVICE/00000000-0000-0000-0000-000000000000";
			const cases: [string, string, number, string][] = [
				[`${path()}/timeseries/ANY`, "{}", 400, "No time series data found in request body!"],
				[`${path()}/timeseries/ANY`, "1", 400, "Unable to parse time series payload"],
				[
					`${path()}/timeseries/ANY`,
					'{"ts":"now","values":{"a":1}}',
					400,
					"Unable to parse time series payload",
				],
				[`${path()}/SHARED_SCOPE`, "{}", 400, "No attributes data found in request body!"],
				[`${path()}/SHARED_SCOPE`, "[]", 400, "Request is not a JSON object"],
				[`${path()}/SHARED_SCOPE`, '{" ":1}', 400, "Key cannot be blank"],
				[`${path()}/CLIENT_SCOPE`, '{"a":1}', 400, "Invalid scope: CLIENT_SCOPE"],
				[`${unknown}/SHARED_SCOPE`, '{"a":1}', 404, "Device with requested id wasn't found!"],
			];
			for (const [url, body, status, text] of cases) {
				const answer = await post(url, body);
				equal(answer.status, status);
				includes(String(answer.body), text);
			}
			equal((await get(`${path()}/values/timeseries?startTs=x&endTs=1`)).status, 400);
			equal((await get(`${path()}/values/timeseries?keys=a&startTs=0&endTs=1&agg=AVG`)).status, 400);
			equal((await at.rest.send("DELETE", `${path()}/SHARED_SCOPE`)).status, 400);
		});
	});

	describe("tokens", () => {
		it("expire after 9000 s, and a refresh token gives new ones for a week", async () => {
			const login = { username: "tenant@thingsboard.org", password: "tenant" };
			const { body } = await post("/api/auth/login", login);
			const { refreshToken } = body as { refreshToken: string };
			at.clock.advance(8_999_000);
			equal((await get("/api/auth/user")).status, 200);
			at.clock.advance(1_000);
			const expired = await get("/api/auth/user");
			deepEqual([expired.status, (expired.body as Failure).errorCode], [401, 11]);
			const pair = await post("/api/auth/token", { refreshToken });
			ok((pair.body as { token: string }).token);
			at.clock.advance(604_800_000);
			equal((await post("/api/auth/token", { refreshToken })).status, 401);
			equal((await post("/api/auth/token", { refreshToken: "a.b.c" })).status, 401);
			equal((await post("/api/auth/login", {})).status, 401);
		});
	});
});
