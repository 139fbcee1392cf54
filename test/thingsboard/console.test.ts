// What the page is served, and the stream it lives on. The page itself is tried in test/page.
import { deepEqual, equal, includes, ok } from "../assert.ts";
import { type Bench, bench, online } from "./server.ts";

interface Line {
	devices?: { name: string; connected: boolean }[];
	packets?: { seq: number; packet: string; device: string | null }[];
	missed?: number;
}

describe("the page's files", () => {
	let rig: Bench;
	before(async () => {
		rig = await bench();
	});
	after(() => rig.end());

	const get = (path: string, headers = {}) => fetch(rig.server.url + path, { headers });

	it("come without a token, and let nothing foreign in", async () => {
		for (const [path, type] of [
			["/", "text/html"],
			["/page/main.js", "text/javascript"],
			["/page/main.css", "text/css"],
			["/page/icon.svg", "image/svg+xml"],
		] as const) {
			const answer = await get(path);
			equal(answer.status, 200, path);
			includes(answer.headers.get("content-type") ?? "", type);
			const policy = answer.headers.get("content-security-policy") ?? "";
			includes(policy, "default-src 'none'");
			ok(!policy.includes("unsafe"), policy);
			equal(answer.headers.get("x-content-type-options"), "nosniff");
			ok((await answer.text()).length > 100, path);
		}
	});

	it("hold no script and no style inside the HTML, which the policy would refuse", async () => {
		const html = await (await get("/")).text();
		ok(!/<style|\bstyle=|\bon\w+=|<script(?![^>]*\bsrc=)/.test(html), html);
	});

	it("are not sent again while they are the same", async () => {
		const etag = (await get("/page/main.js")).headers.get("etag") ?? "";
		const again = await get("/page/main.js", { "if-none-match": etag });
		deepEqual([again.status, await again.text()], [304, ""]);
	});
});

describe("the page's stream", () => {
	let rig: Bench;
	let ended: AbortController;
	beforeEach(async () => {
		rig = await bench();
		ended = new AbortController();
	});
	afterEach(async () => {
		ended.abort();
		await rig.end();
	});

	/** Reads lines until one is wanted. */
	async function* lines(): AsyncGenerator<Line> {
		const login = await rig.rest.send("POST", "/api/auth/login", {
			username: "tenant@thingsboard.org",
			password: "tenant",
		});
		const { token } = login.body as { token: string };
		const headers = { "X-Authorization": `Bearer ${token}` };
		const { body } = await fetch(`${rig.server.url}/api/standin/events`, { headers, signal: ended.signal });
		if (!body) throw new Error("expected a stream, got an empty answer");
		let rest = "";
		for await (const part of body.pipeThrough(new TextDecoderStream())) {
			const whole = (rest + part).split("\n");
			rest = whole.pop() ?? "";
			for (const line of whole) yield JSON.parse(line);
		}
	}

	async function until(stream: AsyncGenerator<Line>, wanted: (line: Line) => boolean): Promise<Line> {
		for (;;) {
			const { value, done } = await stream.next();
			if (done) throw new Error("expected another line, the stream ended");
			if (wanted(value)) return value;
		}
	}

	it("asks for a token", async () => {
		equal((await fetch(`${rig.server.url}/api/standin/events`)).status, 401);
	});

	it("tells the devices, then what is kept of the wire, then what happens", async () => {
		const early = await online(rig);
		const stream = lines();
		const first = await until(stream, ({ devices }) => devices !== undefined);
		deepEqual(
			first.devices?.map(({ name, connected }) => [name, connected]),
			[["d", true]],
		);
		const kept = await until(stream, ({ packets }) => packets !== undefined);
		deepEqual(
			kept.packets?.map(({ packet }) => packet),
			["", "CONNECT", "CONNACK"],
		);
		await early.end();
		await until(stream, ({ devices }) => devices?.[0]?.connected === false);
		await rig.rest.send("POST", "/api/device", { name: "fresh" });
		await until(stream, ({ devices }) => devices?.some(({ name }) => name === "fresh") === true);
	});

	it("says how many packets it left out when they come too fast", async () => {
		const stream = lines();
		await until(stream, ({ devices }) => devices !== undefined);
		const trace = rig.server.core.wire.open();
		for (let i = 0; i < 1000; i++) trace.received(Uint8Array.of(0xc0, 0));
		const { missed, packets = [] } = await until(stream, ({ packets }) => packets !== undefined);
		equal((missed ?? 0) + packets.length, 1001);
		equal(packets.at(-1)?.seq, 1001);
	});

	it("ends with the server, and leaves no watcher behind", async () => {
		const stream = lines();
		await until(stream, ({ devices }) => devices !== undefined);
		await rig.server.close();
		await stream.next().catch(() => undefined);
		equal(rig.server.core.wire.watchers.size, 0);
	});
});
