import { certificate } from "../../thingsboard/cli/certificate.ts";
import { devices, isLoopback, port, rateLimits, settings, usage } from "../../thingsboard/cli/options.ts";
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
			[() => settings(options("--set", "inactivity=x")), "--set: expected a number for inactivity"],
			[() => settings(options("--set", "rateLimits=1")), "--set: expected"],
			[
				() => rateLimits(options("--rate-limit", "device.none=1:1")),
				"--rate-limit: expected LEVEL.KIND=TEXT",
			],
			[() => options("--nonsense"), "nonsense"],
		];
		for (const [read, text] of cases) throws(read, text);
	});

	it("knows which addresses only this machine reaches", () => {
		deepEqual(["127.0.0.1", "127.1.2.3", "::1", "localhost"].map(isLoopback), [true, true, true, true]);
		deepEqual(["0.0.0.0", "::", "192.168.0.1", "128.0.0.1"].map(isLoopback), [false, false, false, false]);
	});

	it("refuses a certificate without its key, and files that are none", async () => {
		const refused = (cert: string | undefined, key: string | undefined) =>
			certificate({ cert, key, folder: "none", host: "127.0.0.1" }).then(
				() => "",
				(error: Error) => error.message,
			);
		includes(await refused("x.pem", undefined), "--cert and --key belong together");
		includes(await refused("no.pem", "no.key"), "--cert: expected a readable PEM file");
		const both = await refused("package.json", "package.json");
		includes(both, "--cert and --key: expected a certificate with its key");
	});
});
