// `npm run publish-firmware` and mistakes of its caller: status 2, one JSON object, and nothing uploaded.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { equal, includes } from "../assert.ts";
import { Operator, Publication, report } from "./harness/publish.ts";
import { openSite, type Site } from "./harness/site.ts";

describe("the publishing tool", () => {
	let site: Site;
	let by: Operator;

	before(async () => {
		site = await openSite();
		by = new Operator(site);
	});
	after(async () => {
		by?.close();
		await site?.close();
	});

	describe("ends with 2 and one JSON object for mistakes of the caller:", () => {
		const dry = (...words: string[]) => ["--dry-run", ...words];

		it("files that are not there", async () => {
			await by.mistakes("--image: expected a file", ...dry("--image", by.path("none.bin")));
			await by.mistakes("--sign: expected a file", ...dry(...by.image("1.0"), "--sign", by.path("none.pem")));
		});
		it("a device or profile that is not there", async () => {
			await by.mistakes("expected a device of that name", ...by.image("1.0"), "--assign", "device=nobody");
			await by.mistakes("expected one of that name", ...by.image("1.0"), "--assign", "profile=nobody");
		});
		it("titles and versions that are empty or too long", async () => {
			await by.mistakes("--title", ...dry("--title", ""));
			await by.mistakes("title: expected 1…63 bytes", ...dry("--title", "x".repeat(64)));
			await by.mistakes("--version", ...dry("--version", " "));
		});
		it("an application that cannot be built", async () => {
			await by.mistakes("build: ", ...dry("--app", by.file("wrong.ts", Buffer.from("let = ;"))));
		});
		it("numbers that are none", async () => {
			for (const patience of ["2m", "-1", "0", "1e3", "NaN"])
				await by.mistakes("--patience: expected whole seconds", ...dry(`--patience=${patience}`));
		});
		it("words that would be ignored", async () => {
			await by.mistakes("--profile", ...dry("--assign", "device=a", "--profile", "b"));
			await by.mistakes("--app", ...dry(...by.image("1.0"), "--app", "app.ts"));
			await by.mistakes("--chip", ...dry("--chip", "esp8266"));
			await by.mistakes("--nonsense", "--nonsense");
		});
		it("an address that is none", async () => {
			await by.mistakes("--host: expected", ...by.image("1.0"), "--host", "http://a b");
		});
		it("a package over the key, or over the image", async () => {
			const words = by.image("1.0");
			await by.mistakes("--out", ...dry(...words, "--sign", by.key, "--out", by.key));
			includes(readFileSync(by.key, "utf8"), "PRIVATE KEY");
			await by.mistakes("--out", ...dry(...words, "--out", String(words.at(-1))));
		});
		it("a second signature", async () => {
			const out = by.path("signed.bin");
			equal((await by.publish(...dry(...by.image("1.0"), "--sign", by.key, "--out", out))).status, 0);
			const words = dry("--title", by.title, "--version", "1.0", "--image", out);
			await by.mistakes("signed already", ...words, "--sign", by.key);
			equal((await by.publish(...words)).status, 0);
		});
		it("another title than the device runs, before anything is uploaded", async () => {
			const [device, ...to] = await by.target("retitled");
			await by.tell(device, "UPDATED", "1", { current_fw_title: "other" });
			await by.mistakes('the device runs "other"', ...by.image("7.0"), ...to);
			equal((await by.publish(...by.image("7.0"))).status, 0); // the version was not used up
		});
	});

	it("ends with 1 when there is no server, and says so in JSON", async () => {
		const run = await new Publication("http://127.0.0.1:1", by.image("1.0")).ended;
		equal(run.status, 1);
		includes(String(report(run).error), "is a server running there?");
	});

	describe("secrets", () => {
		const dry = (image: Buffer) => {
			const [, , , , , path = ""] = by.image("1.0");
			return ["--dry-run", "--title", by.title, "--version", "1.0"].concat(
				"--image",
				by.file("leak.bin", Buffer.concat([readFileSync(path), image])),
			);
		};

		it("are keys in DER of every usual form", async () => {
			const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
			const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
			await by.mistakes("P-256", ...dry(p256.export({ format: "der", type: "sec1" }) as Buffer));
			await by.mistakes("RSA", ...dry(rsa.export({ format: "der", type: "pkcs1" }) as Buffer));
		});

		it("are not words of the stand-in", async () => {
			equal((await by.publish(...dry(Buffer.from("tenant")))).status, 0);
		});

		it("are passwords of MQTT basic, and credentials of a profile's devices", async () => {
			const profile = await site.profile("leaky");
			const device = await site.device("basic", { deviceProfileId: profile.id });
			const found = await site.rest.ask("GET", `/api/device/${device.id}/credentials`);
			const credentialsValue = JSON.stringify({
				clientId: "c1",
				userName: "u1",
				password: "hunter-2-hunter",
			});
			await site.rest.ask("POST", "/api/device/credentials", {
				...found,
				...{ credentialsType: "MQTT_BASIC", credentialsId: null, credentialsValue },
			});
			const words = dry(Buffer.from("hunter-2-hunter")).slice(1);
			await by.mistakes("credentials", ...words, "--assign", `device=${device.name}`);
			await by.mistakes("credentials", ...words, "--assign", `profile=${profile.name}`);
			await by.mistakes("credentials", ...words, "--profile", String(profile.name));
		});
	});
});
