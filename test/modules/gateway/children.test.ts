import { deepEqual, equal, includes, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
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
	waiting,
} from "./rig.ts";

describe("TBGateway: children", () => {
	beforeEach(begin);

	it("subscribes to the gateway's topics with the client's own", () => {
		live([]);
		const topics = mqtt().of(FakeMQTT.SUBSCRIBE);
		equal(topics.length, 0);
		begin();
		build();
		up();
		deepEqual(mqtt().of(FakeMQTT.SUBSCRIBE)[0]?.items?.slice(-3), [
			{ topic: "v1/gateway/attributes", QoS: 1 },
			{ topic: "v1/gateway/attributes/response", QoS: 1 },
			{ topic: "v1/gateway/rpc", QoS: 1 },
		]);
	});
	it("are connected with their profile, the first one alone, then some at a time", () => {
		live([]);
		gateway.connect("A", { type: "thermostat", callback: note("A") });
		for (const name of ["B", "C", "D", "E"]) gateway.connect(name);
		clock.advance(0);
		deepEqual(waiting(), ['connect {"device":"A","type":"thermostat"}']);
		mqtt().ack(pending()[0]?.id);
		clock.advance(0);
		deepEqual(log, ["A done", "child A connected"]);
		equal(pending().length, 4);
		serve();
		equal(gateway.device("E")?.connected, true);
		deepEqual(gateway.devices, ["A", "B", "C", "D", "E"]);
	});
	it("are connected again after every connection", () => {
		live(["A", "B"]);
		mqtt().drop();
		equal(gateway.device("A")?.connected, false);
		up();
		deepEqual(serve(), ['connect {"device":"A"}', 'connect {"device":"B"}']);
	});
	it("of any name reach the server as they are", () => {
		const names = ['say "hi"', "Wärme °C 温度 🌡", "__proto__", "constructor", "\\", "x".repeat(255)];
		live([]);
		for (const name of names) gateway.connect(name);
		deepEqual(
			serve().map((text) => JSON.parse(text.slice(8)).device),
			names,
		);
		for (const name of names) gateway.sendTelemetry(name, { t: 1 });
		const [text = ""] = serve();
		equal(text, `telemetry {${names.map((name) => `${JSON.stringify(name)}:[{"t":1}]`).join()}}`);
		deliver("rpc", { device: "__proto__", data: { id: 0, method: "m" } });
		equal(serve()[0], 'rpc {"device":"__proto__","id":0,"data":{"error":"no handler for m"}}');
	});
	it("of impossible names are the caller's mistake", () => {
		live([]);
		for (const name of ["", "x".repeat(256), "\ud83c", 7 as never])
			throws(() => gateway.connect(name), "connect: expected a name");
		throws(() => gateway.connect("A", { type: "" }), "type");
	});
	it("are bounded in number", () => {
		live([], { children: 2 });
		for (const name of ["A", "B", "C"]) gateway.connect(name, { callback: told(name) });
		serve();
		deepEqual(
			log.filter((line) => line.startsWith("C")),
			['C TB_CHILD: connect "C": there are 2 children already'],
		);
	});
	it("can be connected twice, at once and while the first time is under way", () => {
		live([]);
		gateway.connect("A", { callback: note("first") });
		gateway.connect("A", { callback: note("second") });
		gateway.connect("A");
		deepEqual(serve(), ['connect {"device":"A"}']);
		gateway.connect("A", { callback: note("third") });
		equal(log.includes("third done"), false);
		serve();
		deepEqual(log, ["first done", "second done", "child A connected", "third done"]);
	});
	it("leave after what they have to say", () => {
		live();
		gateway.sendTelemetry("A", { t: 1 }, note("t"));
		gateway.disconnect("A", note("disconnect"));
		gateway.sendTelemetry("A", { t: 2 }, note("late"));
		deepEqual(serve(), ['telemetry {"A":[{"t":1}]}'], "in doubt for a second");
		clock.advance(1000);
		deepEqual(serve(), ['disconnect {"device":"A"}']);
		deepEqual(log, ["late TB_CHILD", "t done", "disconnect done"]);
		deepEqual(gateway.devices, []);
		gateway.disconnect("A", told("again"));
		clock.advance(0);
		includes(log[3] ?? "", 'again TB_CHILD: disconnect "A": expected one of the gateway\'s children');
	});
	it("have left with the connection, if nothing waits", () => {
		live();
		mqtt().drop();
		gateway.disconnect("A", note("disconnect"));
		up();
		deepEqual([serve(), log.includes("disconnect done"), gateway.devices], [[], true, []]);
	});
	it("stay when they are connected while they leave", () => {
		live();
		gateway.disconnect("A", note("disconnect"));
		clock.advance(0);
		gateway.connect("A", { callback: note("connect") });
		gateway.sendTelemetry("A", { t: 1 });
		deepEqual(serve(), ['disconnect {"device":"A"}', 'connect {"device":"A"}', 'telemetry {"A":[{"t":1}]}']);
		deepEqual(log, ["disconnect TB_CHILD", "connect done", "child A connected"]);
	});
	it("are refreshed when they were quiet, before the server forgets them", () => {
		live(["A", "B"]);
		clock.advance(300_000);
		gateway.sendTelemetry("B", { t: 1 });
		serve();
		for (let seconds = 300; !pending().length; seconds++) {
			clock.advance(1000);
			ok(seconds < 540, "in time");
		}
		deepEqual(serve(), ['attributes/request {"device":"A","id":0,"client":true,"key":"alive"}']);
		deliver("attributes/response", { id: 0, device: "A" });
		deepEqual([gateway.stats.refreshed, gateway.stats.unknown], [1, 0]);
	});
	it("hear of a notice that the server may send", () => {
		live();
		deliver("disconnect", { device: "A", reason: 150 });
		deliver("disconnect", { device: "B", reason: 150 });
		deepEqual(log, [
			"child A 150",
			'gateway TB_CHILD: disconnect "B": expected one of the gateway\'s children',
		]);
	});
	it("wait in vain for a gateway that a callback closes", () => {
		live();
		gateway.sendTelemetry("B", { t: 1 }, () => gateway.close());
		gateway.sendTelemetry("B", { t: 1 }, note("late"));
		clock.advance(0);
		deepEqual(log, []);
		live(["A"], { onAttributes: () => gateway.close() });
		gateway.watchAttributes({}, () => void log.push("watch"));
		deliver("attributes", { device: "A", data: { x: 1 } });
		deepEqual(log, []);
	});
	it("need sensible options", () => {
		live();
		const wrong: [object, string][] = [
			[{ children: 0 }, "children: expected at least 1, got 0"],
			[{ inFlight: Number.NaN }, "inFlight"],
			[{ queue: { total: 0 } }, "total"],
			[{ batch: 255 }, "batch: expected 256…65000 bytes, got 255"],
			[{ batch: 65_001 }, "batch"],
			[{ client: { codec: { lists: false } } as never }, "client: expected one that speaks JSON"],
		];
		for (const [options, text] of wrong) throws(() => build(options), text);
	});
	it("are nobody's after close, and the client goes on", () => {
		live();
		gateway.sendTelemetry("A", { t: 1 }, note("t"));
		gateway.close();
		gateway.close();
		throws(() => gateway.connect("B"), "connect: the gateway is closed");
		clock.advance(1000);
		deepEqual([serve(), log, client.connected], [[], [], true]);
		client.close();
		live();
		client.close();
		throws(() => gateway.sendAttributes("A", {}), "closed");
		equal(clock.armed, 0);
	});
});
