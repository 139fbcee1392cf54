import { deepEqual, equal, ok } from "../../assert.ts";
import { online } from "../server.ts";
import { type GatewaySite, punished, site } from "./site.ts";

describe("thingsboard gateway sessions", () => {
	let at: GatewaySite;
	beforeEach(async () => {
		at = await site();
	});
	afterEach(() => at.end());

	const info = (name: string) => at.named(name).info.additionalInfo as Record<string, unknown>;

	it("14.23 makes device and profile at connect, and acknowledges when they are ready", async () => {
		await at.tell("connect", { device: "A", type: "thermostat" });
		const device = at.named("A");
		deepEqual([device.info.type, device.profile.name], ["thermostat", "thermostat"]);
		equal(device.session?.wantsRpc, true);
		equal(info("A").lastConnectedGateway, at.gateway.id);
		await at.tell("connect", { device: "B", type: null });
		equal(at.named("B").profile.default, true);
	});

	it("trap 41 makes a device of a name with a typo, and a profile of such a type", async () => {
		await at.tell("connect", { device: "Themostat", type: "thremostat" });
		ok(at.named("Themostat"));
		ok(at.server.core.profiles.byName("thremostat"));
	});

	it("trap 42 never changes the type of an existing device", async () => {
		await at.tell("connect", { device: "d", type: "other" });
		equal(at.device.profile.name, "default");
		equal(at.server.core.profiles.byName("other"), undefined);
		equal(info("d").lastConnectedGateway, at.gateway.id);
	});

	it("14.23 connects a device by any message that names it", async () => {
		const question = { id: 1, device: "C", client: true, key: "k" };
		const says: [string, object, string][] = [
			["telemetry", { A: [{ t: 1 }] }, "A"],
			["attributes", { B: { t: 1 } }, "B"],
			["claim", { D: {} }, "D"],
			["rpc", { device: "E", id: 0, data: {} }, "E"],
		];
		for (const [topic, payload, name] of says) {
			await at.tell(topic, payload);
			equal(at.named(name).session?.wantsAttributes, true);
			equal(at.named(name).profile.default, true);
		}
		await at.tell("attributes/request", question);
		await at.heard();
		ok(at.named("C").session);
	});

	it("gives what it makes the gateway's customer", async () => {
		at.gateway.customerId = "customer";
		await at.tell("connect", { device: "A" });
		equal(at.named("A").customerId, "customer");
	});

	it("is a gateway by what additionalInfo said when it connected", async () => {
		const plain = await online(at);
		at.device.info = { ...at.device.info, additionalInfo: { gateway: true } };
		plain.publish("v1/gateway/connect", '{"device":"A"}');
		ok(await plain.quiet());
		equal(at.server.core.devices.byName("A"), undefined);
		await plain.end();
		const again = await online(at);
		again.publish("v1/gateway/connect", '{"device":"A"}');
		equal(await again.kind(), "puback 7");
	});

	it("ends a sub-session at disconnect, and acknowledges one that was never there", async () => {
		await at.tell("connect", { device: "A" });
		await at.tell("disconnect", { device: "A" });
		equal(at.named("A").session, undefined);
		await at.tell("disconnect", { device: "never" });
		equal(at.server.core.devices.byName("never"), undefined);
	});

	it("ends all sub-sessions with the gateway's connection", async () => {
		await at.tell("telemetry", { A: [{ t: 1 }], B: [{ t: 1 }] });
		await at.peer.end();
		while (at.gateway.session) await at.rest.send("GET", "/api/deviceProfileInfo/default");
		deepEqual([at.named("A").session, at.named("B").session], [undefined, undefined]);
	});

	it("makes devices and stores data of a gateway that has hung up already", async () => {
		at.say("connect", { device: "A", type: "thermostat" });
		at.say("telemetry", { A: [{ t: 1 }], B: [{ t: 1 }] }, 8);
		at.peer.send({ cmd: "disconnect" });
		equal(await at.peer.kind(), "closed");
		while (!at.server.core.devices.byName("B")) await at.rest.send("GET", `/api/device/${at.device.id}`);
		deepEqual(
			[at.named("A").profile.name, at.latest("A", "t"), at.latest("B", "t")],
			["thermostat", "1", "1"],
		);
		deepEqual([at.named("A").session, at.named("B").session], [undefined, undefined]);
	});

	for (const payload of ["", "null", "[]", "7", "{}", '{"device":""}', '{"device":null}', '{"device":{}}'])
		for (const topic of ["connect", "disconnect"])
			it(`14.8 acknowledges ${topic} ${JSON.stringify(payload)} and closes`, () =>
				punished(at, topic, payload));

	it("acknowledges and closes a connect whose type is no text", () =>
		punished(at, "connect", { device: "A", type: {} }));

	for (const topic of ["connect", "telemetry", "rpc"])
		it(`14.8 closes without PUBACK on ${topic} that is no JSON`, async () => {
			at.say(topic, '{"device":');
			equal(await at.peer.kind(), "closed");
		});

	it("acknowledges a topic that no gateway has, and drops the message", async () => {
		for (const topic of ["provision", "metrics", "connect/", "toString", "attributes/response"])
			await at.tell(topic, { device: "A" });
		equal(at.server.core.devices.byName("A"), undefined);
		ok(await at.peer.quiet());
	});

	it("trap 3 says nothing at all to gateway topics of a device that is no gateway", async () => {
		const plain = await online(at);
		for (const topic of ["connect", "telemetry", "nonsense"]) plain.publish(`v1/gateway/${topic}`, "{");
		ok(await plain.quiet());
	});

	it("grants its filters to every device, and v1/gateway/disconnect to none", async () => {
		const filters = ["attributes", "attributes/response", "rpc", "disconnect"].map(
			(name) => `v1/gateway/${name}`,
		);
		deepEqual(await (await online(at)).subscribe(...filters), [1, 1, 1, 128]);
	});

	it("trap 40 drops a sub-session after 600 silent seconds, without a word, whatever the gateway does", async () => {
		await at.tell("telemetry", { A: [{ t: 1 }], B: [{ t: 1 }] });
		for (let i = 0; i < 2; i++) {
			at.clock.advance(300_000);
			await at.tell("telemetry", { B: [{ t: 2 }] });
		}
		at.clock.advance(3_000);
		equal(at.named("A").session, undefined);
		ok(at.named("B").session);
		ok(await at.peer.quiet());
		await at.tell("telemetry", { A: [{ t: 3 }] });
		ok(at.named("A").session);
	});

	it("trap 40 does not count a repeated connect as activity", async () => {
		await at.tell("connect", { device: "A" });
		at.clock.advance(590_000);
		await at.tell("connect", { device: "A" });
		at.clock.advance(12_000);
		equal(at.named("A").session, undefined);
	});

	it("trap 40 keeps sub-sessions by PINGREQ where the gateway's overwriteActivityTime is on", async () => {
		at.gateway.info = { ...at.gateway.info, additionalInfo: { gateway: true, overwriteActivityTime: true } };
		await at.tell("connect", { device: "A" });
		for (let i = 0; i < 3; i++) {
			at.clock.advance(590_000);
			ok(await at.peer.quiet());
		}
		ok(at.named("A").session);
	});

	it("trap 5 lets a device that connects itself take its sub-session over, without notice", async () => {
		await at.tell("connect", { device: "d" });
		const own = await online(at);
		await own.subscribe("v1/devices/me/rpc/request/+");
		const call = at.rest.send("POST", `/api/rpc/oneway/${at.device.id}`, { method: "m" });
		equal((await own.message()).topic, "v1/devices/me/rpc/request/0");
		await call;
		ok(await at.peer.quiet());
		await at.tell("telemetry", { d: [{ t: 1 }] });
		equal(await own.kind(), "closed");
		ok(await at.peer.quiet());
	});

	it("lets another gateway take a sub-session over, without notice", async () => {
		at.server.core.devices.create({ name: "gw2", additionalInfo: { gateway: true } }, "gw2");
		const other = await online(at, { username: "gw2" });
		await at.tell("connect", { device: "A" });
		other.publish("v1/gateway/connect", '{"device":"A"}');
		equal(await other.kind(), "puback 7");
		await other.subscribe("v1/gateway/rpc");
		const call = at.rest.send("POST", `/api/rpc/oneway/${at.named("A").id}`, { method: "m" });
		equal((await other.message()).topic, "v1/gateway/rpc");
		await call;
		ok(await at.peer.quiet());
	});

	it("drops the sub-session of a deleted device; the next message makes a new one", async () => {
		await at.tell("connect", { device: "A" });
		const { id } = at.named("A");
		await at.rest.send("DELETE", `/api/device/${id}`);
		equal(at.server.core.devices.byName("A"), undefined);
		await at.tell("telemetry", { A: [{ t: 1 }] });
		ok(at.named("A").id !== id);
	});

	it("acknowledges a connect that fails and stays open: no name, or as many devices as the tenant may have", async () => {
		await at.tell("telemetry", { "": [{ t: 1 }] });
		await at.tell("attributes/request", { id: 1, device: "", client: true, key: "k" });
		ok(await at.peer.quiet());
		await at.end();
		at = await site({ maxDevices: 3 });
		await at.tell("connect", { device: "A" });
		await at.tell("connect", { device: "B" });
		equal(at.server.core.devices.byName("B"), undefined);
		at.server.core.devices.delete(at.named("A"));
		await at.tell("connect", { device: "B" });
		equal(at.server.core.devices.byName("B"), undefined, "the verdict is remembered for 5 minutes");
		at.clock.advance(300_000);
		await at.tell("connect", { device: "B" });
		ok(at.named("B").session);
	});
});
