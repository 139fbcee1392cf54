import { deepEqual, equal, includes } from "../assert.ts";
import { RestBench, refusal } from "./rest-bench.ts";
import { online } from "./server.ts";

describe("thingsboard REST devices", () => {
	const on = new RestBench();

	describe("lists", () => {
		beforeEach(async () => {
			for (const name of ["b", "a", "c1", "c2"])
				await on.post("/api/device", { name, type: name.slice(0, 1) });
		});
		const names = async (query: string) => {
			const { body } = await on.get(`/api/tenant/devices?${query}`);
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
			const refused = async (query: string) => (await refusal(on.get(`/api/tenant/devices?${query}`)))[1];
			includes(await refused("page=0"), "Required request parameter 'pageSize'");
			includes(await refused("pageSize=0&page=0"), "Page size must be greater than zero");
			includes(await refused("pageSize=x&page=0"), "expected a whole number");
			includes(
				await refused("pageSize=1&page=0&sortProperty=name&sortOrder=UP"),
				"Unsupported sort order 'UP'",
			);
		});

		it("of device infos tell profile, customer and connection", async () => {
			await online(on.at);
			const { body } = await on.get("/api/tenant/deviceInfos?pageSize=10&page=0&active=true");
			const { data } = body as { data: Record<string, unknown>[] };
			equal(data.length, 1);
			deepEqual([data[0]?.name, data[0]?.deviceProfileName, data[0]?.customerTitle], ["d", "default", null]);
		});
	});

	describe("devices", () => {
		it("keep their form through a save, and are renamed, relabelled and moved to another type", async () => {
			const made = (
				await on.post("/api/device", { name: "n", label: "l", additionalInfo: { gateway: true } })
			).body;
			deepEqual((await on.post("/api/device", made as object)).body, made);
			const saved = (
				await on.post("/api/device", { ...(made as object), name: "m", deviceProfileId: null, type: "t" })
			).body as { name: string; type: string; label: string };
			deepEqual([saved.name, saved.type, saved.label], ["m", "t", "l"]);
			equal((await on.get("/api/tenant/devices?deviceName=n")).status, 404);
		});

		it("are refused with the server's words", async () => {
			const deep = "[".repeat(100_000) + "]".repeat(100_000);
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
				[`{"name":"x","additionalInfo":${deep}}`, 400, "body: expected at most 1000 levels"],
				["[]", 400, "body: expected a JSON object"],
				["{", 400, "body: expected JSON"],
				["", 400, "body: expected JSON"],
			];
			for (const [body, status, message] of cases) {
				const [actual, text] = await refusal(on.post("/api/device", body));
				equal(actual, status);
				includes(text, message);
			}
			const id = "00000000-0000-0000-0000-000000000000";
			deepEqual(await refusal(on.get(`/api/device/${id}`)), [404, `Device with id [${id}] is not found`]);
		});

		it("answer deep nesting with 400, and a body over 16 MiB with 413", async () => {
			const bomb = `{"name":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
			equal((await on.post("/api/device", bomb)).status, 400);
			equal(
				(await on.post(`/api/plugins/telemetry/DEVICE/${on.at.device.id}/timeseries/ANY`, bomb)).status,
				400,
			);
			equal(
				(await on.post(`/api/rpc/oneway/${on.at.device.id}`, `{"method":"m","params":${"[".repeat(9999)}}`))
					.status,
				400,
			);
			equal((await on.post("/api/device", "x".repeat(16 * 1024 * 1024 + 1))).status, 413);
			equal((await on.get(`/api/device/${on.at.device.id}`)).status, 200);
		});
	});
});
