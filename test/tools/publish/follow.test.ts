// Following over a server that fails now and then, with time that is told.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Body, RestError } from "../../../tools/peer/rest.ts";
import { statusOf } from "../../../tools/publish/errors.ts";
import { type Clock, follow, followed } from "../../../tools/publish/follow.ts";
import { reasonOf } from "../../../tools/publish/link.ts";
import { Session } from "../../../tools/publish/session.ts";
import { deepEqual, equal, ok } from "../../assert.ts";

const claim = { title: "app", version: "1.2" };
const never = { state: 0, progress: 0, error: 0, title: 0, version: 0, hold: 0 };
const device = (name: string): Body => ({ name, id: { id: name } });

/** Time that passes only while something waits for it. */
function stopwatch(): Clock & { time: number } {
	const clock = {
		time: 0,
		now: () => clock.time,
		wait: async (ms: number) => {
			clock.time += ms;
		},
	};
	return clock;
}

/** A server that answers each question with the next of these; the last one for ever. */
function server(...answers: (Body | Error)[]) {
	let asked = 0;
	return {
		async ask() {
			const answer = answers[Math.min(asked++, answers.length - 1)];
			if (answer instanceof Error) throw answer;
			return answer as Body;
		},
	};
}

const values = (...states: string[]): Body => ({
	fw_state: states.map((value, index) => ({ ts: index + 1, value })),
	current_fw_title: [{ ts: 9, value: "app" }],
	current_fw_version: [{ ts: 9, value: states.at(-1) === "UPDATED" ? "1.2" : "1.1" }],
});

async function seen(rest: Parameters<typeof follow>[0], names = ["one"], patience = 60_000) {
	const [clock, troubles] = [stopwatch(), [] as string[]];
	const list = names.map((name) => followed(device(name), never));
	const silence = await follow(rest, list, {
		...{ type: "FIRMWARE", claim, patience, clock, onSight: () => undefined },
		onTrouble: (text) => troubles.push(text),
		onAway: (reason) => troubles.push(`away: ${reason}`),
		onBack: (ms) => troubles.push(`back after ${ms}`),
	});
	return { ends: list.map(({ sight }) => sight.end), troubles, silence, time: clock.time };
}

describe("tools: following an update", () => {
	it("goes on while the server is away, and tells once that it is and that it is back", async () => {
		const bad = (endTs: number) => new RestError(502, `GET /api/x?keys=a&endTs=${endTs}: got 502`);
		const away = [bad(1), bad(2), bad(3)];
		const { ends, troubles, silence } = await seen(
			server(values("QUEUED"), ...away, values("INITIATED"), bad(4), values("UPDATED")),
		);
		deepEqual(ends, ["UPDATED"]);
		deepEqual(troubles, [
			...["away: GET /api/x: got 502", "back after 3000"],
			...["away: GET /api/x: got 502", "back after 1000"],
		]);
		equal(silence, 0);
	});

	it("tells of a single device that cannot be looked at once", async () => {
		const gone = (endTs: number) => new RestError(404, `GET /api/x?endTs=${endTs}: got 404`);
		const rest = server(gone(1), values("QUEUED"), gone(2), values("QUEUED"), values("UPDATED"));
		deepEqual((await seen(rest, ["one", "two"])).troubles, ["GET /api/x: got 404"]);
	});

	it("calls a server that does not answer by the code alone", () => {
		const cause = Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
		equal(reasonOf(new Error("GET /api/x?endTs=1: expected an answer", { cause })), "ECONNREFUSED");
	});

	it("ends with the patience, also when nothing was ever answered", async () => {
		const { ends, time, silence } = await seen(server(new Error("ECONNREFUSED")), ["one"], 10_000);
		deepEqual(ends, [undefined]);
		equal(time, 10_000);
		equal(silence, 10_000);
	});

	it("takes a doubtful failure for an end when nothing follows it for a while", async () => {
		const { ends, time } = await seen(server(values("QUEUED", "FAILED")));
		deepEqual(ends, ["FAILED"]);
		equal(time, 15_000);
		const later = await seen(server(values("QUEUED", "FAILED"), values("QUEUED", "FAILED", "UPDATED")));
		deepEqual(later.ends, ["UPDATED"]);
	});

	it("waits for the last of many devices", async () => {
		const rest = server(values("UPDATED"), values("QUEUED"), values("QUEUED"), values("UPDATED"));
		const { ends, time } = await seen(rest, ["one", "two"]);
		deepEqual(ends, ["UPDATED", "UPDATED"]);
		equal(time, 2000);
	});

	it("logs in again when the token is not known any more", async () => {
		let logins = 0;
		const http = createServer((request, response) => {
			const isLogin = request.url === "/api/auth/login";
			if (isLogin) logins++;
			const isKnown = isLogin || request.headers["x-authorization"] === "Bearer token-2";
			response.writeHead(isKnown ? 200 : 401).end(JSON.stringify({ token: `token-${logins}` }));
		});
		await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
		const rest = new Session(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, "user", "password");
		await rest.login("user", "password");
		const answers = await Promise.all([1, 2, 3].map(() => rest.send("GET", "/api/thing")));
		ok(answers.every(({ status }) => status === 200));
		equal(logins, 2);
		await new Promise((done) => http.close(done));
	});

	it("counts refusals as mistakes, and a server that cannot as none", () => {
		equal(statusOf(new RestError(400, "no")), 2);
		for (const error of [new RestError(502, "no"), new RestError(429, "later"), new Error("ECONNREFUSED")])
			equal(statusOf(error), 1);
	});
});
