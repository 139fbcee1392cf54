// Checklist 19 to 22 and the traps of firmware.
import type { RawDevice } from "../../peer/device.ts";
import { type Body, idOf } from "../../peer/rest.ts";
import type { SiteDevice } from "../../peer/site.ts";
import type { Question } from "../question.ts";
import { is, type Row, row } from "../row.ts";

const image = Uint8Array.from({ length: 10 }, (_, i) => i);

/** Checksums of the text `hello`, as the server writes them. */
const hello = {
	MD5: "5d41402abc4b2a76b9719d911017c592",
	SHA256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
	CRC32: "86a61036",
	MURMUR3_32: "47fa8b24",
	MURMUR3_128: "029bbd41b3a7d8cb191dae486a901e5b",
};

/** A fresh connected device with that image as its firmware. */
async function offered(q: Question): Promise<{ device: SiteDevice; raw: RawDevice }> {
	const fresh = await q.fresh();
	await q.site.assign(fresh.device.id, await q.site.package(q.local("1"), image));
	return fresh;
}

/** Asks for a chunk at QoS 0 and gives its bytes in hex. */
async function chunk(
	raw: RawDevice,
	request: number,
	index: number,
	size: string,
	kind = "fw",
): Promise<string> {
	raw.publish(`v2/${kind}/request/${request}/chunk/${index}`, size, 0);
	const { topic, payload } = await raw.message(`v2/${kind}/`);
	is(topic, `v2/${kind}/response/${request}/chunk/${index}`);
	return payload.toString("hex");
}

/** What a request is met with: the text of an error and the end, or the end alone. */
async function refused(q: Question, raw: RawDevice, topic: string, size: string): Promise<string> {
	raw.publish(topic, size);
	return q.come(raw, 2);
}

/** Rows on offers, chunks and errors. */
export const ota: Row[] = [
	row(
		"14.19, trap 17, trap 37",
		"an assignment is told by telemetry, a deleted list of keys that never were, and attributes",
		async (q) => {
			const { device, raw } = await q.fresh();
			await q.subscribe(raw, "v1/devices/me/attributes");
			await q.site.assign(device.id, await q.site.package(q.local("1"), image));
			const messages = [
				await raw.message("v1/devices/me/attributes"),
				await raw.message("v1/devices/me/attributes"),
			];
			const said = messages.map(({ text }) => JSON.parse(text) as Body);
			const deleted = said.find((message) => "deleted" in message)?.deleted as string[] | undefined;
			is([...(deleted ?? [])].sort(), ["fw_tag", "fw_url"]);
			const values = said.find((message) => "fw_version" in message) ?? {};
			is([values.fw_version, values.fw_size, values.fw_checksum_algorithm], [q.local("1"), 10, "SHA256"]);
			await q.eventually("INITIATED", async () => (await q.value(device, "fw_state")) === '"INITIATED"');
			is(await q.value(device, "target_fw_version"), JSON.stringify(q.local("1")));
		},
	),
	row("14.19", "taking it away lists every key", async (q) => {
		const { device, raw } = await offered(q);
		await q.eventually(
			"the offer",
			async () => "fw_size" in (await q.site.attributes(device.id, "SHARED_SCOPE")),
		);
		await q.subscribe(raw, "v1/devices/me/attributes");
		await q.site.assign(device.id, null);
		const { deleted } = JSON.parse((await raw.message("v1/devices/me/attributes")).text) as {
			deleted: string[];
		};
		const keys = ["title", "version", "ts", "state", "size", "checksum", "checksum_algorithm", "url", "tag"];
		is(deleted.sort(), keys.map((key) => `fw_${key}`).sort());
	}),
	row(
		"14.20, trap 32",
		"chunks have the size that was named and is remembered; past the end they are empty",
		async (q) => {
			const { raw } = await offered(q);
			is(await chunk(raw, 1, 0, "4"), "00010203");
			is(await chunk(raw, 1, 1, ""), "04050607");
			is(await chunk(raw, 1, 2, "+4"), "0809");
			is(await chunk(raw, 1, 3, "0"), "");
		},
	),
	row("14.20, trap 30", "without any size the whole file comes, whatever the index", async (q) => {
		is(await chunk((await offered(q)).raw, 1, 7, ""), Buffer.from(image).toString("hex"));
	}),
	row("14.20, trap 30", "a size that is no number closes without a word", async (q) => {
		const { device, raw } = await offered(q);
		is(await refused(q, raw, "v2/fw/request/1/chunk/0", "4096\n"), "closed");
		is(await refused(q, await q.online(device), "v2/fw/request/1/chunk/0", "4.0"), "closed");
	}),
	row("14.20", "a chunk of 65536 is served, a larger one is PAYLOAD_TOO_LARGE", async (q) => {
		const { raw } = await offered(q);
		is(await chunk(raw, 1, 0, "65536"), Buffer.from(image).toString("hex"));
		const came = await refused(q, raw, "v2/fw/request/1/chunk/0", "65537");
		is(came, "publish v2/fw/error PAYLOAD_TOO_LARGE, closed");
	}),
	row(
		"14.20, trap 34",
		"without a package it is NOT_FOUND on v2/fw/error, also for software, without PUBACK",
		async (q) => {
			const { raw } = await q.fresh();
			is(await refused(q, raw, "v2/sw/request/1/chunk/0", "4"), "publish v2/fw/error NOT_FOUND, closed");
		},
	),
	row("14.20, trap 36", "a package that is only a URL is FAILURE", async (q) => {
		const { device, raw } = await q.fresh();
		const { id: deviceProfileId } = await q.site.rest.ask("GET", "/api/deviceProfileInfo/default");
		const body = {
			title: q.name("url"),
			version: "1",
			type: "FIRMWARE",
			deviceProfileId,
			url: "http://x",
			usesUrl: true,
		};
		const id = idOf(await q.site.rest.ask("POST", "/api/otaPackage", body));
		q.site.finally(() => q.site.rest.send("DELETE", `/api/otaPackage/${id}`));
		await q.site.assign(device.id, id);
		is(await refused(q, raw, "v2/fw/request/1/chunk/0", "4"), "publish v2/fw/error FAILURE, closed");
	}),
	row("14.20", "PUBACK comes before the chunk", async (q) => {
		const { raw } = await offered(q);
		raw.publish("v2/fw/request/1/chunk/5", "4");
		is(await q.come(raw, 2), "puback 1, publish v2/fw/response/1/chunk/5 ");
	}),
	row("14.21", "after the first answer a window of requests is answered in order", async (q) => {
		const { raw } = await offered(q);
		await chunk(raw, 1, 0, "1");
		for (const index of [3, 1, 2]) raw.publish(`v2/fw/request/1/chunk/${index}`, "", 0);
		const topics = [await raw.message(), await raw.message(), await raw.message()].map(({ topic }) =>
			topic.at(-1),
		);
		is(topics, ["3", "1", "2"]);
	}),
	row(
		"14.21, trap 33",
		"a requestId keeps its package when the target changes; a new one gets the new",
		async (q) => {
			const { device, raw } = await offered(q);
			is(await chunk(raw, 1, 0, "2"), "0001");
			await q.site.assign(device.id, await q.site.package(q.local("2"), Uint8Array.of(9, 9)));
			is(await chunk(raw, 1, 0, "2"), "0001", "same id: ");
			is(await chunk(raw, 2, 0, "2"), "0909", "new id: ");
		},
	),
	row(
		"14.21, trap 33",
		"fw and sw share their requestIds",
		async (q) => {
			const { device, raw } = await offered(q);
			const software = await q.site.package(q.local("3"), Uint8Array.of(7, 7), { type: "SOFTWARE" });
			await q.site.assign(device.id, software, "softwareId");
			is(await chunk(raw, 1, 0, "2"), "0001");
			is(await chunk(raw, 1, 0, "2", "sw"), "0001");
		},
		{ derived: true },
	),
	row("14.22, trap 35", "checksums are hex of the bytes in Guava's order", async (q) => {
		const { id: deviceProfileId } = await q.site.rest.ask("GET", "/api/deviceProfileInfo/default");
		const sums: Record<string, unknown> = {};
		for (const algorithm of Object.keys(hello)) {
			const info = { title: q.name(algorithm), version: "1", type: "FIRMWARE", deviceProfileId };
			const id = idOf(await q.site.rest.ask("POST", "/api/otaPackage", info));
			q.site.finally(() => q.site.rest.send("DELETE", `/api/otaPackage/${id}`));
			const form = new FormData();
			form.append("file", new Blob(["hello"]), "hello.bin");
			const path = `/api/otaPackage/${id}?checksumAlgorithm=${algorithm}`;
			sums[algorithm] = (await q.site.rest.ask("POST", path, form)).checksum;
		}
		is(sums, hello);
	}),
];
