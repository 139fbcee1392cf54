import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { equal, includes, ok } from "../assert.ts";

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

	it("tells a person the user, the demo token and an example", async () => {
		const child = run("--port", "0", "--http-port", "0");
		const out = all(child.stdout);
		await once(child.stdout ?? child, "data");
		child.kill("SIGINT");
		await once(child, "exit");
		for (const part of ["tenant@thingsboard.org", "A1_TEST_TOKEN", "mosquitto_pub", "curl"])
			includes(await out, part);
	});
});
