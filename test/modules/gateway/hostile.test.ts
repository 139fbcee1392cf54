import Timer from "timer";
import { deepEqual, equal, includes, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import {
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
} from "./rig.ts";

const none = { messages: null, telemetryMessages: null, telemetryDataPoints: null };
const call = (device: string, id: number, method = "m") => deliver("rpc", { device, data: { id, method } });
const notice = (id: number, method: string, params: unknown) =>
	mqtt().deliver(`v1/devices/me/rpc/request/${id}`, JSON.stringify({ method, params }));
/** The server answers the client's question for limits. */
const limits = (gatewayRateLimits: object, maxPayloadSize = 65_536): void =>
	mqtt().deliver(
		"v1/devices/me/rpc/response/0",
		JSON.stringify({
			maxPayloadSize,
			rateLimits: none,
			gatewayRateLimits: { ...none, ...gatewayRateLimits },
		}),
	);

describe("TBGateway: hostile surroundings", () => {
	beforeEach(begin);

	it("an id that is none never becomes part of a message", () => {
		live();
		for (const id of ['1,"data":{},"device":"B"', Number.NaN, 0.5, -1] as number[])
			throws(() => gateway.respond("A", id, 1), "respond: expected the id of a call");
		deepEqual(serve(), []);
	});
	it("a child whose connect is larger than the server's messages is told so, and holds up nobody", () => {
		build({ sessionLimits: true }, { sessionLimits: true });
		up();
		limits({}, 1000);
		gateway.connect("B", { type: "ü".repeat(255), callback: note("B") });
		gateway.sendTelemetry("B", { t: 1 }, note("t"));
		gateway.connect("A", { callback: note("A") });
		serve();
		clock.advance(0);
		deepEqual(log.slice(-4).sort(), ["A done", "child A connected", "B TB_TOO_LARGE", "t TB_CHILD"].sort());
		deepEqual(gateway.devices, ["A"]);
	});
	it("a connect that is refused after its child was deleted takes the next one of that name with it no more", () => {
		build({}, { sessionLimits: true });
		up();
		limits({}, 1000);
		gateway.connect("B", { type: "ü".repeat(255), callback: note("first") });
		Timer.set(() => {
			notice(0, "gateway_device_deleted", "B");
			gateway.connect("B", { callback: note("second") });
		}, 0);
		serve();
		deepEqual(
			[log.slice(-4), gateway.devices],
			[["first TB_CHILD", "B deleted", "second done", "child B connected"], ["B"]],
		);
	});
	it("a client without room is waited for: nothing is lost, and no connect or disconnect hangs", () => {
		live(["A", "B"], {}, { outbox: { messages: 1 } });
		for (let i = 0; i < 70; i++) client.publish("own", "", { urgent: true, transient: true });
		gateway.sendTelemetry("A", { t: 1 }, note("t"));
		gateway.disconnect("B", note("B"));
		gateway.connect("C", { callback: note("C") });
		clock.advance(1500);
		equal(pending().length, 0);
		for (let round = 0; round < 30; round++) for (const { id } of mqtt().published) mqtt().ack(id);
		clock.advance(1000);
		serve();
		clock.advance(1000);
		deepEqual(log.sort(), ["B done", "C done", "child C connected", "t done"]);
	});
	it("a refusal that comes after the connection's end is not counted twice", () => {
		live(["A"], {}, { sessionLimits: true });
		gateway.sendTelemetry("A", { a: "x".repeat(1800) }, note("large"));
		limits({}, 1000);
		const old = mqtt();
		Timer.set(() => old.drop(), 0);
		clock.advance(0);
		ok(old.closed, "dropped between the refusal and the news of it");
		equal(gateway.device("A")?.messages, 1);
		up();
		serve();
		clock.advance(1000);
		deepEqual(
			[log.filter((line) => line.startsWith("large")), gateway.device("A")?.bytes],
			[["large TB_TOO_LARGE"], 0],
		);
	});
	it("a child that was deleted while it left, and is connected anew, stays", () => {
		live();
		gateway.disconnect("A", note("disconnect"));
		clock.advance(0);
		notice(0, "gateway_device_deleted", "A");
		gateway.connect("A");
		serve();
		deepEqual([gateway.devices, gateway.device("A")?.connected], [["A"], true]);
	});
	it("what a child said last is not lost with the connection, though it left", () => {
		live();
		gateway.sendTelemetry("A", { t: 1 }, note("t"));
		gateway.disconnect("A", note("left"));
		serve();
		mqtt().drop();
		up();
		deepEqual(serve(), ['connect {"device":"A"}', 'telemetry {"A":[{"t":1}]}']);
		clock.advance(1000);
		deepEqual(serve(), ['disconnect {"device":"A"}']);
		deepEqual(log.slice(-2), ["t done", "left done"]);
	});
	it("callbacks of a child that cannot be connected are bounded", () => {
		build();
		for (let i = 0; i < 10_000; i++) gateway.connect("A", { callback: told("A") });
		clock.advance(0);
		equal(log.length, 10_000 - 8);
		includes(log[0] ?? "", 'TB_CHILD: connect "A": 8 callbacks wait already');
		up();
		serve();
		equal(log.filter((line) => line === "A done").length, 8);
	});
});

describe("TBGateway: hostile traffic", () => {
	beforeEach(begin);

	/** A connected gateway with those limits. */
	function limited(some: object, children: string[], over: object = {}): void {
		build({ sessionLimits: true, ...over }, { sessionLimits: true });
		up();
		limits(some);
		for (const name of children) gateway.connect(name);
		serve();
		log.length = 0;
	}

	it("calls are answered, and children connected, while readings wait for their limit", () => {
		limited({ telemetryDataPoints: "2:100" }, ["A", "B"], { onRPC: () => undefined });
		for (let t = 0; t < 9; t++) gateway.sendTelemetry("A", { t });
		serve();
		call("B", 1);
		gateway.respond("B", 1, "now");
		gateway.connect("C");
		deepEqual(serve(), ['rpc {"device":"B","id":1,"data":"now"}', 'connect {"device":"C"}']);
	});
	it("readings go on while calls and connects wait for theirs", () => {
		limited({ messages: "4:100" }, ["A", "B", "C"]);
		equal(gateway.device("B")?.connected, false);
		gateway.sendTelemetry("A", { t: 1 });
		deepEqual(serve(), ['telemetry {"A":[{"t":1}]}']);
	});
	it("a call does not run twice because its child came back", () => {
		const calls: string[] = [];
		live(["A"], { onRPC: ({ device, id }) => void calls.push(`${device}${id}`) });
		call("A", 1);
		gateway.disconnect("A");
		serve();
		gateway.connect("A");
		serve();
		call("A", 1);
		deepEqual(calls, ["A1"]);
		notice(0, "gateway_device_renamed", { A: "Z" });
		serve();
		call("Z", 1);
		deepEqual(calls, ["A1"]);
		gateway.respond("A", 1, 1);
		gateway.respond("Z", 1, 1);
		deepEqual(serve(), ['rpc {"device":"Z","id":1,"data":1}']);
	});
	it("a call whose answer found no child is handed over again, as one to a device made anew", () => {
		const calls: string[] = [];
		live(["A"], { onRPC: ({ device, id }) => void calls.push(`${device}${id}`) });
		call("A", 1);
		gateway.disconnect("A");
		serve();
		gateway.respond("A", 1, 1);
		gateway.connect("A");
		serve();
		call("A", 1);
		notice(0, "gateway_device_deleted", "A");
		gateway.connect("A");
		call("A", 1);
		deepEqual(calls, ["A1", "A1", "A1"]);
	});
	it("a slow call is not forgotten for many quick ones", () => {
		const calls: string[] = [];
		live(["A", "B"], {
			onRPC: ({ device, id }) => {
				calls.push(`${device}${id}`);
				if (device === "A") gateway.respond(device, id, 1);
			},
		});
		call("B", 7);
		for (let id = 0; id < 40; id++) {
			call("A", id);
			serve();
			clock.advance(1000);
		}
		call("B", 7);
		deepEqual(
			calls.filter((one) => one.startsWith("B")),
			["B7"],
		);
	});
});
