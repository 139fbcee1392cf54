import TBGateway from "gateway";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import {
	ack,
	begin,
	build,
	client,
	deliver,
	gateway,
	live,
	log,
	mqtt,
	note,
	pending,
	serve,
	told,
	up,
	waiting,
} from "./rig.ts";

/** The server answers the client's question for limits. */
const limits = (answer: object): void => {
	mqtt().deliver("v1/devices/me/rpc/response/0", JSON.stringify(answer));
	clock.advance(0);
};
const none = { messages: null, telemetryMessages: null, telemetryDataPoints: null };

describe("TBGateway: lost connections", () => {
	beforeEach(begin);

	it("lose nothing: what was in flight goes out again, in order, before what came later", () => {
		live(["A", "B"], { batch: 256 });
		for (let t = 0; t < 6; t++) gateway.sendTelemetry("A", { t, pad: "x".repeat(60) }, note(`${t}`));
		clock.advance(0);
		equal(pending().length, 3);
		mqtt().drop();
		gateway.sendTelemetry("A", { t: 6 }, note("6"));
		up();
		const seen = serve().filter((text) => text.startsWith("telemetry"));
		deepEqual(
			seen.flatMap((text) => JSON.parse(text.slice(10)).A.map((one: { t: number }) => one.t)),
			[0, 1, 2, 3, 4, 5, 6],
		);
		clock.advance(1000);
		deepEqual(
			log.filter((line) => line.endsWith("done")),
			["0 done", "1 done", "2 done", "3 done", "4 done", "5 done", "6 done"],
		);
		equal(gateway.stats.returned, 3);
	});
	it("cast doubt on what was acknowledged last: rate limits and wrong structures look like that", () => {
		live();
		gateway.sendTelemetry("A", { t: 1 }, note("t"));
		serve();
		clock.advance(500);
		mqtt().drop();
		deepEqual(
			log.filter((line) => line.startsWith("t")),
			[],
		);
		up();
		deepEqual(serve(), ['connect {"device":"A"}', 'telemetry {"A":[{"t":1}]}']);
		clock.advance(1000);
		equal(log.pop(), "t done");
	});
	it("right behind an acknowledgement, by a deadline of ours, complete it", () => {
		live();
		client.sendTelemetry({ own: 1 });
		for (let i = 0; i < 39; i++) clock.advance(500);
		gateway.sendTelemetry("A", { t: 1 }, note("t"));
		serve();
		clock.advance(500);
		ok(mqtt().closed);
		deepEqual(
			log.map((line) => line.slice(0, 22)),
			["t done", "disconnected TB_TIMEOU"],
		);
	});
	it("that one reading causes again and again take that reading with them, and no other", () => {
		live(["A", "B"]);
		gateway.sendTelemetry("A", { bad: 1 }, told("bad"));
		for (let t = 0; t < 3; t++) gateway.sendTelemetry("B", { t }, note(`good ${t}`));
		for (let i = 0; i < 200 && gateway.device("A")?.messages; i++) {
			clock.advance(500);
			for (const packet of pending())
				if (packet.text.includes("bad")) {
					mqtt().drop();
					up();
					break;
				} else ack(packet);
		}
		for (let i = 0; i < 5; i++) {
			serve();
			clock.advance(1000);
		}
		deepEqual(log.filter((line) => /^(good|bad)/.test(line)).sort(), [
			'bad TB_QUARANTINED: telemetry of "A": the connection ended again and again while it alone was in flight',
			"good 0 done",
			"good 1 done",
			"good 2 done",
		]);
		equal(gateway.stats.droppedQuarantined, 1);
	});
	it("take the data of a child with them that was deleted meanwhile", () => {
		live();
		gateway.sendTelemetry("A", { t: 1 }, told("t"));
		clock.advance(0);
		mqtt().deliver("v1/devices/me/rpc/request/0", '{"method":"gateway_device_deleted","params":"A"}');
		mqtt().drop();
		up();
		deepEqual(serve(), []);
		equal(log.filter((line) => line.startsWith("t "))[0], 't TB_CHILD: telemetry "A": it is gone');
	});
	it("end questions, refreshments and what nobody waits for", () => {
		live();
		for (let s = 0; !pending().length && s < 600; s++) clock.advance(1000);
		equal(pending().length, 1);
		mqtt().drop();
		up();
		deepEqual(serve(), ['connect {"device":"A"}']);
		equal(gateway.device("A")?.messages, 0);
	});
	it("are not what a full socket is: the disconnect stays behind the readings before it", () => {
		live();
		mqtt().room = 80; // for the disconnect, not for the reading
		const pad = "x".repeat(100);
		gateway.sendTelemetry("A", { pad });
		clock.advance(0);
		gateway.disconnect("A");
		clock.advance(0);
		mqtt().writable(10_000);
		deepEqual(serve(), [`telemetry {"A":[{"pad":"${pad}"}]}`]);
		clock.advance(1000);
		deepEqual(serve(), ['disconnect {"device":"A"}']);
	});
	it("are none to a gateway that is made while its client is connected", () => {
		live();
		gateway.close();
		const second = new TBGateway({ client, sessionLimits: false });
		second.connect("B");
		deepEqual(
			[serve(), second.device("B")?.connected, second.device("C")],
			[['connect {"device":"B"}'], true, undefined],
		);
	});
});

describe("TBGateway: a device that is no gateway", () => {
	beforeEach(begin);

	it("is told so by the server's limits: nothing is sent, and nothing is lost", () => {
		build({ sessionLimits: true }, { sessionLimits: true });
		gateway.connect("A", { callback: note("A") });
		gateway.sendTelemetry("A", { t: 1 });
		up();
		deepEqual(waiting(), [], "it waits for the limits");
		limits({ maxPayloadSize: 65_536, rateLimits: none });
		clock.advance(60_000);
		deepEqual(waiting(), []);
		deepEqual(
			log.filter((line) => line.startsWith("gateway")),
			[
				"gateway TB_NOT_GATEWAY: gateway: expected a server that takes this device for a gateway (additionalInfo.gateway): its session limits name none for children",
			],
		);
		equal(client.connected, true);
		mqtt().drop();
		up();
		limits({ maxPayloadSize: 65_536, rateLimits: none, gatewayRateLimits: none });
		deepEqual(serve(), ['connect {"device":"A"}', 'telemetry {"A":[{"t":1}]}']);
	});
	it("is told so by silence, twice, where the server knows no limits; it is tried again later", () => {
		build({}, { keepAlive: 600_000 });
		gateway.connect("A");
		up();
		for (let round = 0; round < 2; round++) {
			equal(waiting().length, 1);
			clock.advance(20_000);
			ok(mqtt().closed);
			up();
		}
		includes(log.filter((line) => line.startsWith("gateway")).join(), "TB_NOT_GATEWAY");
		includes(log.join(), "silent on gateway topics");
		deepEqual(waiting(), []);
		client.sendTelemetry({ own: 1 }, note("own"));
		mqtt().ack(mqtt().published.filter(({ topic }) => topic === "v1/devices/me/telemetry")[0]?.id);
		ok(log.includes("own done"));
		clock.advance(600_000);
		if (mqtt().closed) up();
		deepEqual(serve(), ['connect {"device":"A"}']);
		equal(gateway.device("A")?.connected, true);
	});
	it("is not what a silent link means once the server has said otherwise, or acknowledged", () => {
		build({ sessionLimits: true }, { sessionLimits: true, keepAlive: 600_000 });
		gateway.connect("A");
		for (let round = 0; round < 4; round++) {
			up();
			limits({ rateLimits: none, gatewayRateLimits: none });
			clock.advance(21_000);
		}
		deepEqual(
			log.filter((line) => line.startsWith("gateway")),
			[],
		);
	});
});

describe("TBGateway: the server's limits for children", () => {
	beforeEach(begin);

	/** A connected gateway with those limits, and room to spare. */
	function limited(gatewayRateLimits: object, children = ["A", "B"], over: object = {}): void {
		build(
			{ sessionLimits: true, queue: { messages: 200, bytes: 50_000, total: 100_000 }, ...over },
			{ sessionLimits: true },
		);
		up();
		limits({
			maxPayloadSize: 65_536,
			rateLimits: none,
			gatewayRateLimits: { ...none, ...gatewayRateLimits },
		});
		for (const name of children) gateway.connect(name);
		serve();
		log.length = 0;
	}
	/** Entries of children that came in a while, as `A3` for three readings. */
	function during(ms: number): string[] {
		const seen: string[] = [];
		for (let passed = 0; passed < ms; passed += 100) {
			for (const text of serve())
				for (const [name, list] of Object.entries(JSON.parse(text.slice(text.indexOf("{")))))
					seen.push(`${name}${(list as []).length}`);
			clock.advance(100);
		}
		return seen;
	}

	it("count every child in a message, and the values of all", () => {
		limited({ telemetryMessages: "2:1", telemetryDataPoints: "100:1" }, ["A", "B", "C"]);
		for (const name of ["A", "B", "C"]) for (let i = 0; i < 3; i++) gateway.sendTelemetry(name, { i });
		deepEqual(during(400), ["A3", "B3"]);
		deepEqual(during(2000), ["C3"]);
		equal(gateway.stats.delayed, 1);
	});
	it("are shared fairly: a flood of one child starves nobody", () => {
		limited({ telemetryDataPoints: "10:1" });
		for (let i = 0; i < 100; i++) gateway.sendTelemetry("A", { i });
		gateway.sendTelemetry("B", { b: 1 }, note("b"));
		gateway.sendTelemetry("B", { b: 2 });
		deepEqual(during(300), ["A8", "B2"]);
		during(3000);
		deepEqual(log, ["b done"]);
		for (let i = 0; i < 5; i++) gateway.sendTelemetry("B", { i }, note(`late ${i}`));
		during(2500);
		equal(log.length, 6, "B has its share while A's flood goes on");
		ok((gateway.device("A")?.messages ?? 0) > 10);
	});
	it("make connects wait too, and calls be answered", () => {
		limited({ messages: "4:1" }, ["A", "B", "C", "D"]);
		const connected = () => ["A", "B", "C", "D"].filter((name) => gateway.device(name)?.connected).join("");
		equal(connected(), "A");
		for (let i = 0; i < 40; i++) {
			clock.advance(100);
			serve();
		}
		equal(connected(), "ABCD");
	});
	it("forbid readings of more values than there may be at all, also after they were kept", () => {
		limited({ telemetryDataPoints: "3:1" });
		gateway.sendTelemetry("A", { a: 1, b: 2, c: 3, d: 4 }, note("parted"));
		deepEqual(during(3000), ["A1", "A1"]);
		mqtt().drop();
		log.length = 0;
		gateway.sendTelemetry("A", { a: 1, b: 2, c: 3 }, told("too many"));
		gateway.sendTelemetry("A", { a: 1 }, note("fine"));
		up();
		limits({ rateLimits: none, gatewayRateLimits: { ...none, telemetryDataPoints: "2:1" } });
		during(3000);
		includes(log.join("\n"), 'too many TB_TOO_LARGE: telemetry of "A": expected at most 2 values, got 3');
		includes(log.join("\n"), "fine done");
	});
	it("of size are kept, and what is too large by then is dropped", () => {
		limited({}, ["A"], { batch: 2000 });
		mqtt().drop();
		log.length = 0;
		gateway.sendTelemetry("A", { a: "x".repeat(1800) }, told("large"));
		up();
		limits({ maxPayloadSize: 1000, rateLimits: none, gatewayRateLimits: none });
		deepEqual(serve(), ['connect {"device":"A"}']);
		clock.advance(0);
		includes(
			log.join(),
			"large TB_TOO_LARGE: publish v1/gateway/telemetry: expected at most 464 bytes, got 18",
		);
		for (let i = 0; i < 10; i++) gateway.sendTelemetry("A", { i, pad: "x".repeat(50) });
		for (const text of serve()) ok(text.length <= 464 + 10, text);
	});
	it("that a suspicious close empties are waited for", () => {
		limited({ telemetryMessages: "100:100" });
		gateway.sendTelemetry("A", { t: 1 });
		serve();
		mqtt().drop();
		up();
		limits({ rateLimits: none, gatewayRateLimits: { ...none, telemetryMessages: "100:100" } });
		deepEqual(serve(), ['connect {"device":"A"}', 'connect {"device":"B"}']);
		for (let s = 0; s < 3; s++) clock.advance(1000);
		deepEqual(serve(), ['telemetry {"A":[{"t":1}]}']);
	});
	it("are none where the server tells an error in their place", () => {
		build({ sessionLimits: true }, { sessionLimits: true });
		up();
		limits({ error: "timeout" });
		gateway.connect("A");
		deepEqual(serve(), ['connect {"device":"A"}']);
	});
});

describe("TBGateway: bounds", () => {
	beforeEach(begin);

	const fill = (name: string, count: number, size = 10): void => {
		for (let i = 0; i < count; i++)
			gateway.sendTelemetry(name, { i, pad: "x".repeat(size) }, note(`${name}${i}`));
	};
	const dropped = (): string[] =>
		log.filter((line) => line.endsWith("FULL")).map((line) => line.split(" ")[0] ?? "");

	it("of a child: the new ones are refused, and counted with it", () => {
		live(["A", "B"], { queue: { messages: 3 } });
		mqtt().drop();
		fill("A", 5);
		fill("B", 1);
		clock.advance(0);
		deepEqual(dropped(), ["A3", "A4"]);
		deepEqual(
			[gateway.device("A")?.dropped, gateway.device("B")?.dropped, gateway.stats.droppedFull],
			[2, 0, 2],
		);
	});
	it("of a child: or the oldest give way, but never what is in flight", () => {
		live(["A"], { queue: { messages: 3, drop: "oldest" } });
		mqtt().drop();
		fill("A", 5);
		clock.advance(0);
		deepEqual(dropped(), ["A0", "A1"]);
		live(["A"], { queue: { messages: 2, drop: "oldest" } });
		fill("A", 2);
		clock.advance(0);
		log.length = 0;
		fill("A", 1);
		clock.advance(0);
		deepEqual(dropped(), ["A0"]);
	});
	for (const drop of ["refuse", "oldest"] as const)
		it(`of all together: who floods gives way to the others (${drop})`, () => {
			live(["A", "B", "C"], { queue: { messages: 100, bytes: 10_000, total: 1000, drop } });
			mqtt().drop();
			log.length = 0;
			fill("A", 60);
			clock.advance(0);
			ok(dropped().length > 10, `${dropped().length}`);
			log.length = 0;
			fill("B", 3);
			fill("C", 3);
			clock.advance(0);
			deepEqual(
				dropped().filter((name) => !name.startsWith("A")),
				[],
			);
			up();
			serve();
			clock.advance(1000);
			const done = log.filter((line) => /^[BC].*done$/.test(line));
			equal(done.length, 6);
		});
	it("of a child: answers find room where readings have taken it", () => {
		live(["A"], { onRPC: () => undefined, queue: { messages: 3 } });
		deliver("rpc", { device: "A", data: { id: 1, method: "m" } });
		mqtt().drop();
		log.length = 0;
		for (let t = 0; t < 3; t++) gateway.sendTelemetry("A", { t }, note(`${t}`));
		gateway.respond("A", 1, 1, note("answer"));
		up();
		serve();
		clock.advance(1000);
		deepEqual(log.filter((line) => /^(\d|answer)/.test(line)).sort(), [
			"0 done",
			"1 done",
			"2 TB_OUTBOX_FULL",
			"answer done",
		]);
	});
	it("of a child and of all: what has no room at all takes nothing else with it", () => {
		live(["A", "B"], { queue: { messages: 9, bytes: 500, total: 400, drop: "oldest" } });
		mqtt().drop();
		log.length = 0;
		gateway.sendTelemetry("A", { t: 1 }, note("small"));
		for (const size of [600, 450]) gateway.sendTelemetry("A", { pad: "x".repeat(size) }, note(`${size}`));
		clock.advance(0);
		deepEqual(log, ["600 TB_OUTBOX_FULL", "450 TB_OUTBOX_FULL"]);
	});
	it("of all together: what nobody can give way to is refused", () => {
		live(["A", "B"], { queue: { messages: 100, bytes: 10_000, total: 300, drop: "oldest" } });
		fill("A", 5, 30);
		clock.advance(0);
		log.length = 0;
		fill("B", 3, 150);
		clock.advance(0);
		ok(dropped().length >= 1, "all of it is in flight");
	});
});
