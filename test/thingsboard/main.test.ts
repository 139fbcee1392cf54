import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { RawDevice } from "../../tools/peer/device.ts";
import { idOf, RestClient, reference } from "../../tools/peer/rest.ts";
import { deepEqual, equal, includes, ok } from "../assert.ts";

const loader = ["--import", "./tools/ts.mjs", "thingsboard/main.ts"];

function run(...args: string[]): ChildProcess {
	return spawn(process.execPath, [...loader, ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

const all = (stream: NodeJS.ReadableStream | null) => (stream ? text(stream) : "");

describe("npm run thingsboard", function () {
	this.timeout(20_000); // each starts a process

	it("prints one JSON line when ready and ends with 0 on SIGTERM", async () => {
		const child = run("--port", "0", "--http-port", "0", "--json");
		const out = all(child.stdout);
		await once(child.stdout ?? child, "data");
		child.kill("SIGTERM");
		const [status] = await once(child, "exit");
		const { mqttPort, httpPort, url } = JSON.parse(await out);
		ok(mqttPort > 0);
		equal(url, `http://127.0.0.1:${httpPort}`);
		equal(status, 0);
	});

	it("ends with the program that started it, and on SIGTERM while that one is alive", async () => {
		for (const finish of [
			(child: ChildProcess) => child.stdin?.end(),
			(child: ChildProcess) => child.kill("SIGTERM"),
		]) {
			const args = ["--port", "0", "--http-port", "0", "--json", "--until-stdin-ends"];
			const child = spawn(process.execPath, [...loader, ...args], { stdio: ["pipe", "pipe", "pipe"] });
			await once(child.stdout ?? child, "data");
			finish(child);
			const [status] = await once(child, "exit");
			equal(status, 0);
		}
	});

	it("ends quietly when nobody reads its stdout any more", async () => {
		const child = run("--port", "0", "--http-port", "0", "--json", "--device", "d=t");
		const errors = all(child.stderr);
		const [first] = await once(child.stdout ?? child, "data");
		child.stdout?.destroy();
		const { mqttPort } = JSON.parse(String(first));
		const exit = once(child, "exit");
		await (await RawDevice.online({ host: "127.0.0.1", port: mqttPort }, "t")).end(); // something to tell
		deepEqual([await exit, await errors], [[0, null], ""]);
	});

	it("names a taken port and ends with 1", async () => {
		const other = createServer();
		await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
		const { port } = other.address() as { port: number };
		const child = run("--port", "0", "--http-port", String(port));
		const errors = all(child.stderr);
		const [status] = await once(child, "exit");
		other.close();
		equal(status, 1);
		includes(await errors, `HTTP on 127.0.0.1:${port}: expected a free port, it is taken`);
	});

	it("tells of the device that has the demo token already, and of an IPv6 address", async function () {
		const six = Object.values(networkInterfaces()).some((all = []) =>
			all.some((one) => one.address === "::1"),
		);
		if (!six) this.skip();
		const child = run("--port", "0", "--http-port", "0", "--host", "::1", "--device", "own=A1_TEST_TOKEN");
		const [out, errors] = [all(child.stdout), all(child.stderr)];
		await once(child.stdout ?? child, "data");
		child.kill("SIGTERM");
		await once(child, "exit");
		for (const part of [
			"http://[::1]:",
			'device "own", access token A1_TEST_TOKEN',
			"mosquitto_pub -h ::1 -p",
		])
			includes(await out, part);
		equal(await errors, "");
	});

	it("keeps what a device says of itself from moving the cursor of a terminal", async () => {
		const child = run("--port", "0", "--http-port", "0", "--device", "d=t");
		const out = all(child.stdout);
		const [first] = await once(child.stdout ?? child, "data");
		const port = Number(/MQTT {2}127\.0\.0\.1:(\d+)/.exec(String(first))?.[1]);
		const device = await RawDevice.online({ host: "127.0.0.1", port }, "t");
		const call = { method: "\u001b[2J\u009b1m" };
		await device.acknowledged("v1/devices/me/rpc/request/1", JSON.stringify(call));
		await device.end();
		child.kill("SIGTERM");
		await once(child, "exit");
		includes(await out, "client-side RPC 1 \\x1b[2J\\x9b1m null");
	});

	it("tells a person the user, the demo token and an example", async () => {
		const child = run("--port", "0", "--http-port", "0");
		const out = all(child.stdout);
		await once(child.stdout ?? child, "data");
		child.kill("SIGINT");
		await once(child, "exit");
		for (const part of ["tenant@thingsboard.org", "A1_TEST_TOKEN", "mosquitto_pub", "curl"])
			includes(await out, part);
	});

	/** Starts with free ports, waits for the first words, lets `act` do something, and ends it. */
	async function play(
		args: string[],
		act: (ready: { url: string; mqttPort: number; mqttsPort: number }) => Promise<void> = async () =>
			undefined,
	): Promise<{ status: number; out: string; errors: string }> {
		const child = run("--port", "0", "--http-port", "0", "--tls-port", "0", "--json", ...args);
		const [out, errors] = [all(child.stdout), all(child.stderr)];
		const [first] = await once(child.stdout ?? child, "data");
		await act(JSON.parse(String(first).split("\n")[0] ?? ""));
		child.kill("SIGTERM");
		const [status] = await once(child, "exit");
		return { status, out: await out, errors: await errors };
	}

	/** What the program says when it cannot start. */
	async function refused(...args: string[]): Promise<[number, string]> {
		const child = run("--port", "0", "--http-port", "0", "--tls-port", "0", ...args);
		const [errors] = [all(child.stderr), all(child.stdout)];
		const [status] = await once(child, "exit");
		return [status, await errors];
	}

	it("keeps devices, credentials, attributes and packages in the file of --state", async () => {
		const folder = mkdtempSync(join(tmpdir(), "state-"));
		const file = join(folder, "tb.json");
		const rest = async (url: string) => {
			const client = new RestClient(url);
			await client.login("tenant@thingsboard.org", "tenant");
			return client;
		};
		let id = "";
		let packageId = "";
		await play(["--state", file, "--device", "kept=tok=en"], async ({ url }) => {
			const client = await rest(url);
			id = idOf(await client.ask("GET", "/api/tenant/devices?deviceName=kept"));
			await client.ask("POST", `/api/plugins/telemetry/DEVICE/${id}/SHARED_SCOPE`, '{"a":20.0}');
			const info = { title: "t", version: "1", type: "FIRMWARE" };
			packageId = idOf(await client.ask("POST", "/api/otaPackage", info));
			const form = new FormData();
			form.append("file", new Blob(["bytes"]), "x.bin");
			await client.ask("POST", `/api/otaPackage/${packageId}?checksumAlgorithm=MD5`, form);
			const device = await client.ask("GET", `/api/device/${id}`);
			await client.ask("POST", "/api/device", { ...device, firmwareId: reference("OTA_PACKAGE", packageId) });
		});
		const { errors } = await play(["--state", file, "--device", "new=t2"], async ({ url }) => {
			const client = await rest(url);
			const device = await client.ask("GET", `/api/device/${id}`);
			equal(idOf({ id: device.firmwareId }), packageId);
			equal((await client.ask("GET", `/api/device/${id}/credentials`)).credentialsId, "tok=en");
			const path = `/api/plugins/telemetry/DEVICE/${id}/values/attributes/SHARED_SCOPE?keys=a`;
			ok((await client.send("GET", path)).text.includes('"value":20.0'));
			equal((await client.send("GET", `/api/otaPackage/${packageId}/download`)).text, "bytes");
			equal((await client.send("GET", "/api/tenant/devices?deviceName=new")).status, 200);
		});
		equal(errors, "");
		equal(statSync(file).mode & 0o777, 0o600);
		writeFileSync(file, "{");
		const [status, text] = await refused("--state", file);
		equal(status, 1);
		includes(text, `--state ${file}: expected a file that this server has written`);
		equal(readFileSync(file, "utf8"), "{");
		rmSync(folder, { recursive: true });
	});

	it("speaks MQTT over TLS with a certificate that it makes once, or with one's own", async () => {
		const folder = mkdtempSync(join(tmpdir(), "tls-"));
		const ca = () => readFileSync(join(folder, "ca.pem"), "utf8");
		const connects = async (mqttsPort: number) => {
			const tls = { ca: ca(), servername: "localhost", maxVersion: "TLSv1.2" as const };
			await (await RawDevice.online({ host: "127.0.0.1", port: mqttsPort, tls }, "t")).end();
		};
		const base = ["--device", "d=t", "--tls", "--tls-dir", folder];
		await play([...base, "--tls12"], ({ mqttsPort }) => connects(mqttsPort));
		const first = ca();
		await play(base, ({ mqttsPort }) => connects(mqttsPort));
		equal(ca(), first);
		const own = ["--cert", join(folder, "server.pem"), "--key", join(folder, "server.key")];
		await play([...base, ...own], ({ mqttsPort }) => connects(mqttsPort));
		rmSync(folder, { recursive: true });
	});

	it("tells connections as JSON lines, answers client-side RPC when asked to, and takes settings", async () => {
		const { out, status } = await play(
			[
				"--device",
				"d=t",
				"--answer-rpc",
				"--set",
				"clientRpcTimeout=1",
				"--rate-limit",
				"device.messages=9:1",
			],
			async (at) => {
				const device = await RawDevice.online({ host: "127.0.0.1", port: at.mqttPort }, "t");
				device.publish("v1/devices/me/rpc/request/1", '{"method":"echo","params":{"a":20.0}}');
				equal((await device.message("v1/devices/me/rpc/response/1")).text, '{"a":20.0}');
				device.publish("v1/devices/me/rpc/request/2", '{"method":"other"}');
				equal((await device.message("v1/devices/me/rpc/response/2")).text, '{"error":"timeout"}');
				await device.end();
			},
		);
		equal(status, 0);
		const lines = out
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as { event: string; text?: string });
		equal(lines[0]?.event, "ready");
		ok(lines.some(({ event, text }) => event === "log" && text?.startsWith("d: connected")));
	});

	it("warns of an address that others reach, and --quiet says nothing else", async () => {
		const child = run("--port", "0", "--http-port", "0", "--host", "0.0.0.0", "--quiet");
		const [out, errors] = [all(child.stdout), all(child.stderr)];
		await once(child.stderr ?? child, "data");
		child.kill("SIGTERM");
		await once(child, "exit");
		equal(await out, "");
		includes(await errors, "Warning: listening on 0.0.0.0");
	});

	it("ends with 2 for a wrong option, and with 1 for a certificate that cannot be read", async () => {
		const cases: [string[], number, string][] = [
			[["--port", "x"], 2, '--port: expected 0 to 65535, got "x"'],
			[["--rate-limit", "device.messages=x"], 2, "--rate-limit: rate limit: expected"],
			[["--tls12"], 2, "expected --tls too"],
			[["--cert", "own.pem"], 2, "--cert and --key belong together"],
			[["--cert", "no.pem", "--key", "no.key"], 1, "--cert: expected a readable PEM file"],
		];
		for (const [args, status, text] of cases) {
			const [actual, errors] = await refused(...args);
			includes(errors, text);
			equal(actual, status);
		}
	});
});
