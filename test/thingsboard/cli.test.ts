import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { type CertificateFiles, certificate } from "../../thingsboard/cli/certificate.ts";
import {
	devices,
	isLoopback,
	port,
	rateLimits,
	settings,
	tlsWanted,
	usage,
} from "../../thingsboard/cli/options.ts";
import { parse } from "../../tools/args.ts";
import { deepEqual, equal, includes, throws } from "../assert.ts";

/** The options of a command line. */
function options(...argv: string[]) {
	const values = parse(usage, argv);
	if (!values) throw new Error("expected no --help");
	return values;
}

describe("thingsboard command line", () => {
	it("reads ports, devices, settings and limits", () => {
		equal(port(options("--tls-port", "0"), "tls-port"), 0);
		deepEqual(devices(options("--device", "a=1", "--device", "b c=x=y")), [
			{ name: "a", token: "1" },
			{ name: "b c", token: "x=y" },
		]);
		const set = options("--set", "inactivity=5", "--set", "closeSessionOnRpcTimeout=true");
		deepEqual(settings(set), { inactivity: 5, closeSessionOnRpcTimeout: true });
		const limits = ["device.messages=1:1", "device.telemetryMessages=2:1,3:60", "tenant.messages=4:1"];
		deepEqual(rateLimits(options(...limits.flatMap((limit) => ["--rate-limit", limit]))), {
			device: { messages: "1:1", telemetryMessages: "2:1,3:60" },
			tenant: { messages: "4:1" },
		});
	});

	it("says what it expected instead of a word that it cannot read", () => {
		const cases: [() => unknown, string][] = [
			[() => port(options("--port", "65536"), "port"), '--port: expected 0 to 65535, got "65536"'],
			[() => port(options("--port", ""), "port"), "--port: expected 0 to 65535"],
			[() => devices(options("--device", "name")), "--device: expected NAME=TOKEN"],
			[() => devices(options("--device", "name=")), "--device: expected NAME=TOKEN"],
			[() => settings(options("--set", "nothing=1")), "--set: expected one of maxPayload"],
			[() => settings(options("--set", "inactivity=5=6")), "--set: expected a number for inactivity"],
			[() => settings(options("--set", "inactivity=x")), "--set: expected a number for inactivity"],
			[() => settings(options("--set", "rateLimits=1")), "--set: expected"],
			[
				() => rateLimits(options("--rate-limit", "device.none=1:1")),
				"--rate-limit: expected LEVEL.KIND=TEXT",
			],
			[
				() => rateLimits(options("--rate-limit", "device.messages=many")),
				"--rate-limit: rate limit: expected capacity:seconds",
			],
			[() => tlsWanted(options("--leaf-only")), "expected --tls too"],
			[() => options("--nonsense"), "nonsense"],
		];
		for (const [read, text] of cases) throws(read, text);
	});

	it("knows which addresses only this machine reaches", () => {
		deepEqual(["127.0.0.1", "127.1.2.3", "::1", "localhost"].map(isLoopback), [true, true, true, true]);
		deepEqual(["0.0.0.0", "::", "192.168.0.1", "128.0.0.1"].map(isLoopback), [false, false, false, false]);
	});

	const why = (files: CertificateFiles) =>
		certificate(files).then(
			() => "",
			(error: Error) => error.message,
		);

	it("makes a certificate for the address it listens on, and refuses the one made for another", async () => {
		const folder = mkdtempSync(join(tmpdir(), "tls-"));
		const lan = join(folder, "lan");
		const { tls, trust } = await certificate({ folder: lan, host: "192.0.2.7" });
		const made = new X509Certificate(tls.cert);
		deepEqual([trust, made.checkIP("192.0.2.7")], [join(lan, "ca.pem"), "192.0.2.7"]);
		for (const host of ["192.0.2.7", "127.0.0.1", "localhost", "0.0.0.0"])
			equal(await why({ folder: lan, host }), "");
		includes(await why({ folder: lan, host: "192.0.2.8" }), "expected a certificate for 192.0.2.8");
		const all = await certificate({ folder: join(folder, "all"), host: "0.0.0.0" });
		for (const { address, scopeid } of Object.values(networkInterfaces()).flatMap((some = []) => some))
			if (!scopeid) equal(new X509Certificate(all.tls.cert).checkIP(address), address);
		writeFileSync(join(lan, "server.key"), "none");
		includes(await why({ folder: lan, host: "localhost" }), `--tls-dir ${lan}: expected a certificate with`);
		rmSync(folder, { recursive: true });
	});

	it("refuses a certificate without its key, and files that are none", async () => {
		const refused = (cert: string | undefined, key: string | undefined) =>
			why({ cert, key, folder: "none", host: "127.0.0.1" });
		includes(await refused("x.pem", undefined), "--cert and --key belong together");
		includes(await refused("no.pem", "no.key"), "--cert: expected a readable PEM file");
		const both = await refused("package.json", "package.json");
		includes(both, "--cert and --key: expected a certificate with its key");
	});
});
