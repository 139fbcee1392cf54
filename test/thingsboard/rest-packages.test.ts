import { deepEqual, equal, includes } from "../assert.ts";
import { type Id, RestBench, refusal } from "./rest-bench.ts";

describe("thingsboard REST profiles and packages", () => {
	const on = new RestBench();

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
			const made = await on.post(
				"/api/deviceProfile",
				profile({}, { deviceTelemetryTopic: "t/+", sendAckOnValidationException: true }),
			);
			equal(made.status, 200);
			deepEqual((await on.post("/api/deviceProfile", made.body as object)).body, made.body);
			const { provision, transport } = on.at.server.core.profiles.byName("p") ?? {};
			deepEqual([provision?.key, provision?.secret, transport?.deviceTelemetryTopic], ["k", "s", "t/+"]);
			const list = (await on.get("/api/deviceProfileInfos?pageSize=9&page=0")).body as {
				totalElements: number;
			};
			equal(list.totalElements, 2);
		});

		it("give their package to all their devices that have none of their own", async () => {
			const { body } = await on.post("/api/deviceProfile", profile());
			const made = body as Id & object;
			await on.post("/api/device", { name: "x", type: "p" });
			const info = { title: "t", version: "v1", type: "FIRMWARE", deviceProfileId: made.id };
			const id = ((await on.post("/api/otaPackage", info)).body as Id).id.id;
			const form = new FormData();
			form.append("file", new Blob(["bytes"]), "x.bin");
			await on.at.rest.send("POST", `/api/otaPackage/${id}?checksumAlgorithm=MD5`, form);
			const device = on.at.server.core.devices.byName("x");
			const save = (firmwareId: object | null) => on.post("/api/deviceProfile", { ...made, firmwareId });
			equal((await save({ entityType: "OTA_PACKAGE", id })).status, 200);
			equal(device?.series.get("target_fw_version")?.at(-1)?.value.text, "v1");
			includes((await refusal(on.remove(`/api/otaPackage/${id}`)))[1], "referenced by the device profile");
			equal((await save(null)).status, 200);
			equal((await on.remove(`/api/otaPackage/${id}`)).status, 200);
		});

		it("are refused with the server's words", async () => {
			const made = (await on.post("/api/deviceProfile", profile())).body as Id;
			await on.post("/api/device", { name: "x", type: "p" });
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
				const [status, text] = await refusal(on.post("/api/deviceProfile", body));
				equal(status, 400);
				includes(text, message);
			}
			const remove = (id: string) => on.at.rest.send("DELETE", `/api/deviceProfile/${id}`);
			includes((await refusal(remove(made.id.id)))[1], "referenced by the devices cannot be deleted");
			const standard = (await on.get("/api/deviceProfileInfo/default")).body as Id;
			includes(
				(await refusal(remove(standard.id.id)))[1],
				"Deletion of Default Device Profile is prohibited!",
			);
		});
	});

	describe("packages", () => {
		const info = { title: "t", version: "1", type: "FIRMWARE" };
		const create = async (over: object = {}) =>
			((await on.post("/api/otaPackage", { ...info, ...over })).body as Id).id.id;
		const form = (bytes: string, name = "file") => {
			const data = new FormData();
			data.append(name, new Blob([bytes]), "x.bin");
			return data;
		};

		it("are listed, downloaded and kept while a device needs them", async () => {
			const id = await create();
			await on.post(`/api/otaPackage/${id}?checksumAlgorithm=MD5`, form("bytes"));
			equal((await on.get(`/api/otaPackage/${id}/download`)).body, "bytes");
			const list = (await on.get("/api/otaPackages?pageSize=1&page=0&textSearch=T")).body as {
				totalElements: number;
			};
			equal(list.totalElements, 1);
			await on.at.rest.assign(on.at.device, id);
			includes((await refusal(on.at.rest.send("DELETE", `/api/otaPackage/${id}`)))[1], "cannot be deleted");
			await on.at.rest.assign(on.at.device, null);
			equal((await on.at.rest.send("DELETE", `/api/otaPackage/${id}`)).status, 200);
		});

		it("are refused with the server's words", async () => {
			const id = await create();
			const upload = (data: FormData | string, query = "checksumAlgorithm=MD5", which = id) =>
				refusal(on.at.rest.send("POST", `/api/otaPackage/${which}?${query}`, data));
			includes((await upload(form(""), ""))[1], "Required request parameter 'checksumAlgorithm'");
			includes((await upload(form("")))[1], "OtaPackage data should be specified!");
			includes((await upload(form("a", "other")))[1], "expected a part named file");
			includes((await upload("{}"))[1], "expected multipart/form-data");
			includes((await upload(form("a"), "checksumAlgorithm=MD5&checksum=00"))[1], "Wrong otaPackage file!");
			const url = await create({ version: "2", usesUrl: true, url: "http://x" });
			includes((await upload(form("a"), undefined, url))[1], "File can't be saved if URL present!");
			equal(
				(await on.at.rest.send("POST", `/api/otaPackage/${id}?checksumAlgorithm=MD5`, form("a"))).status,
				200,
			);
			includes((await upload(form("b")))[1], "Updating otaPackage data is prohibited!");
			const title = "x".repeat(256);
			includes((await refusal(on.post("/api/otaPackage", { ...info, title })))[1], "length of title");
			includes(
				(await refusal(on.post("/api/otaPackage", { ...info, version: "3", usesUrl: true })))[1],
				"URL should be",
			);
		});

		it("an upload that is cut off is refused and stores nothing; the server goes on", async () => {
			const id = await create();
			const cut = '--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhalf';
			const response = await fetch(`${on.at.server.url}/api/otaPackage/${id}?checksumAlgorithm=MD5`, {
				method: "POST",
				headers: {
					"X-Authorization": `Bearer ${on.at.rest.token}`,
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
			await fetch(`${on.at.server.url}/api/otaPackage/${id}?checksumAlgorithm=MD5`, {
				method: "POST",
				headers: {
					"X-Authorization": `Bearer ${on.at.rest.token}`,
					"Content-Type": "multipart/form-data; boundary=x",
				},
				body: endless,
				signal: aborted.signal,
				duplex: "half",
			} as RequestInit).catch(() => undefined);
			equal(((await on.get(`/api/otaPackage/${id}`)).body as { hasData: boolean }).hasData, false);
		});
	});
});
