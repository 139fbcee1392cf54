import type { Core } from "../../thingsboard/core.ts";
import type { DeviceProfile, ProvisionStrategy } from "../../thingsboard/profiles.ts";
import { bytesField, integerField } from "../../thingsboard/protobuf.ts";
import { deepEqual, equal, ok } from "../assert.ts";
import { type Bench, bench, hello, online, Peer } from "./server.ts";

const requests = "/provision/request";
const responses = "/provision/response";
const notFound = { errorMsg: "Provision data was not found!", status: "NOT_FOUND" };
const failure = { errorMsg: "Failed to provision device!", status: "FAILURE" };

/** A profile that devices may introduce themselves to with KEY and SECRET. */
function profile(core: Core, strategy: ProvisionStrategy = "ALLOW_CREATE_NEW_DEVICES"): DeviceProfile {
	return core.profiles.create({ name: "sensor", provision: { strategy, key: "KEY", secret: "SECRET" } });
}

describe("thingsboard provisioning", () => {
	let at: Bench;
	let peer: Peer;
	beforeEach(async () => {
		at = await bench();
		peer = await online(at, { username: "provision" });
	});
	afterEach(() => at.end());

	const request = (over: object = {}) => ({
		provisionDeviceKey: "KEY",
		provisionDeviceSecret: "SECRET",
		deviceName: "new",
		...over,
	});
	/** Publishes, expects PUBACK and then the response. */
	async function ask(over: object = {}): Promise<Record<string, unknown>> {
		peer.publish(requests, JSON.stringify(request(over)));
		equal(await peer.kind(), "puback 7");
		const { topic, text } = await peer.message();
		equal(topic, responses);
		return JSON.parse(text);
	}
	const made = () => at.server.core.devices.byName("new");

	it("14.17 makes a device of the profile, with a token of the server, and lets it connect", async () => {
		const { provision, ...its } = profile(at.server.core);
		const { credentialsValue, credentialsType, status } = await ask();
		deepEqual([credentialsType, status], ["ACCESS_TOKEN", "SUCCESS"]);
		const device = made();
		deepEqual([device?.profile.id, device?.profile.provision], [its.id, provision]);
		equal(device?.attributes.SERVER_SCOPE.get("provisionState")?.value.text, "provisioned");
		await (await online(at, { username: credentialsValue })).end();
	});

	it("14.17 takes the credentials a device names, of each type", async () => {
		profile(at.server.core);
		deepEqual(await ask({ token: "mine" }), {
			credentialsValue: "mine",
			credentialsType: "ACCESS_TOKEN",
			status: "SUCCESS",
		});
		const basic = { credentialsType: "MQTT_BASIC", clientId: "c", username: "u", password: "p" };
		deepEqual(await ask({ deviceName: "basic", ...basic }), {
			credentialsValue: { clientId: "c", userName: "u", password: "p" },
			credentialsType: "MQTT_BASIC",
			status: "SUCCESS",
		});
		await (await online(at, { clientId: "c", username: "u", password: Buffer.from("p") })).end();
		const certificate = { credentialsType: "X509_CERTIFICATE", hash: "MIIB" };
		deepEqual(await ask({ deviceName: "x509", ...certificate }), {
			credentialsValue: "MIIB",
			credentialsType: "X509_CERTIFICATE",
			status: "SUCCESS",
		});
	});

	it("trap 26 answers userName where the request says username, and leaves what was not said empty", async () => {
		profile(at.server.core);
		const { credentialsValue } = await ask({ credentialsType: "MQTT_BASIC", username: "u" });
		deepEqual(credentialsValue, { clientId: "", userName: "u", password: "" });
	});

	it("14.17 fails for credentials that do not fit their type or are used elsewhere, and makes no device", async () => {
		profile(at.server.core);
		for (const over of [
			{ token: "token" },
			{ username: "u" },
			{ token: "t", credentialsType: "MQTT_BASIC" },
			{ credentialsType: "MQTT_BASIC", clientId: "c", password: "p" },
			{ credentialsType: "X509_CERTIFICATE", token: "t" },
			{ credentialsType: "LWM2M_CREDENTIALS", token: "t" },
		]) {
			deepEqual(await ask(over), failure, JSON.stringify(over));
			equal(made(), undefined);
		}
		equal((await ask({ credentialsType: "LWM2M_CREDENTIALS" })).credentialsType, "ACCESS_TOKEN");
	});

	it("14.17 invents a name where none is given, trims one, and fails for a blank one", async () => {
		profile(at.server.core);
		const before = at.server.core.devices.all().length;
		equal((await ask({ deviceName: "" })).status, "SUCCESS");
		const invented = at.server.core.devices.all()[before]?.info.name ?? "";
		ok(/^[A-Za-z0-9]{20}$/.test(invented), invented);
		equal((await ask({ deviceName: " new " })).status, "SUCCESS");
		ok(made());
		deepEqual(await ask({ deviceName: "  " }), failure);
		deepEqual(await ask({ deviceName: "  ", provisionDeviceKey: "wrong" }), failure);
	});

	it("14.17 makes a gateway when asked to", async () => {
		profile(at.server.core);
		await ask({ gateway: true });
		deepEqual(made()?.info.additionalInfo, { gateway: true });
	});

	it("trap 27 fails for a name that exists, also the second time the same device asks", async () => {
		profile(at.server.core);
		equal((await ask()).status, "SUCCESS");
		deepEqual(await ask(), failure);
		deepEqual(await ask({ deviceName: "d" }), failure);
	});

	it("14.17 finds nothing for an unknown or empty key, a wrong or empty secret, and where provisioning is off", async () => {
		const its = profile(at.server.core);
		for (const over of [
			{ provisionDeviceKey: "x" },
			{ provisionDeviceKey: "" },
			{ provisionDeviceSecret: "x" },
			{ provisionDeviceSecret: "" },
		])
			deepEqual(await ask(over), notFound);
		its.provision.strategy = "DISABLED";
		deepEqual(await ask(), notFound);
		its.provision = { ...its.provision, strategy: "ALLOW_CREATE_NEW_DEVICES", secret: null };
		deepEqual(await ask(), notFound);
	});

	it("14.17 gives a device that was made before its own credentials, once", async () => {
		profile(at.server.core, "CHECK_PRE_PROVISIONED_DEVICES");
		at.server.core.devices.create({ name: "new", type: "sensor" }, "old");
		deepEqual(await ask({ token: "ignored" }), {
			credentialsValue: "old",
			credentialsType: "ACCESS_TOKEN",
			status: "SUCCESS",
		});
		deepEqual(await ask(), failure);
		deepEqual(await ask({ deviceName: "missing" }), failure);
		deepEqual(await ask({ deviceName: "d" }), failure, "a device of another profile");
	});

	it("14.17 breaks for a profile of certificate chains: PUBACK and close after the back end's 10 s", async () => {
		profile(at.server.core, "X509_CERTIFICATE_CHAIN");
		peer.publish(requests, JSON.stringify(request()));
		ok(await peer.quiet());
		at.clock.advance(9_999);
		ok(await peer.quiet());
		at.clock.advance(1);
		equal(await peer.kind(), "puback 7");
		equal(await peer.kind(), "closed");
	});

	it("trap 28 closes 60 s after a response, even one that is kept busy, and after a failure too", async () => {
		await ask();
		at.clock.advance(59_999);
		ok(await peer.quiet());
		deepEqual(await ask(), notFound);
		at.clock.advance(1);
		equal(await peer.kind(), "closed");
	});

	for (const [what, topic, payload] of [
		["another topic", "v1/devices/me/telemetry", "{}"],
		["trap 26 a topic without the leading slash", "provision/request", JSON.stringify(request())],
		["trap 26 /provision alone", "/provision", JSON.stringify(request())],
		["a missing key", requests, '{"provisionDeviceSecret":"SECRET"}'],
		["a missing secret", requests, '{"provisionDeviceKey":"KEY"}'],
		["trap 26 a null field", requests, JSON.stringify(request({ username: null }))],
		["trap 26 a null key", requests, JSON.stringify(request({ provisionDeviceKey: null }))],
		["trap 26 a null gateway", requests, JSON.stringify(request({ gateway: null }))],
		["an unknown type", requests, JSON.stringify(request({ credentialsType: "PASSWORD" }))],
		["an empty type", requests, JSON.stringify(request({ credentialsType: "" }))],
		["an object for a name", requests, JSON.stringify(request({ deviceName: {} }))],
	] as const)
		it(`${/^trap/.test(what) ? what : `14.17 ${what}`}: PUBACK and close`, async () => {
			profile(at.server.core);
			peer.publish(topic, payload);
			equal(await peer.kind(), "puback 7");
			equal(await peer.kind(), "closed");
			equal(made(), undefined);
		});

	it("14.17 closes without PUBACK for what is neither JSON nor protobuf", async () => {
		peer.publish(requests, "{");
		equal(await peer.kind(), "closed");
	});

	it("14.17 reads protobuf where JSON fails, and answers in protobuf from then on", async () => {
		profile(at.server.core);
		const keys = Buffer.concat([bytesField(1, "KEY"), bytesField(2, "SECRET")]);
		const token = bytesField(1, bytesField(1, "mine"));
		const bytes = Buffer.concat([
			bytesField(1, "new"),
			bytesField(3, keys),
			bytesField(4, token),
			integerField(5, 1),
		]);
		const answer = async (payload: Buffer) => {
			peer.publish(requests, payload, 0);
			const packet = await peer.next();
			return packet !== "closed" && packet.cmd === "publish"
				? Buffer.from(packet.payload).toString("hex")
				: "";
		};
		equal(await answer(bytes), "08011a046d696e65");
		deepEqual(made()?.info.additionalInfo, { gateway: true });
		equal(await answer(Buffer.from(JSON.stringify(request()))), "0803");
	});

	it("14.17 takes an empty payload for an empty protobuf message: NOT_FOUND, in protobuf", async () => {
		peer.publish(requests, "", 0);
		const packet = await peer.next();
		deepEqual(packet !== "closed" && packet.cmd === "publish" && [...packet.payload], [8, 2]);
	});

	it("14.17 grants only the response's filter, answers pings, and sends without a subscription at QoS 1", async () => {
		profile(at.server.core);
		deepEqual(await peer.subscribe(responses, "v1/devices/me/attributes", requests), [1, 128, 128]);
		peer.send({ cmd: "unsubscribe", messageId: 5, unsubscriptions: [responses] });
		equal(await peer.kind(), "unsuback 5");
		peer.publish(requests, JSON.stringify(request()), 0);
		deepEqual((await peer.message()).qos, 1);
		peer.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: responses, qos: 0 }] });
		await peer.kind();
		peer.publish(requests, JSON.stringify(request()), 0);
		deepEqual((await peer.message()).qos, 0);
	});

	it("14.17 is entered by a client id too, without any check of a password", async () => {
		const other = new Peer(at.server);
		other.send(hello({ clientId: "provision", username: "token", password: Buffer.from("x") }));
		equal(await other.kind(), "connack");
		other.publish("v1/devices/me/telemetry", "{}");
		equal(await other.kind(), "puback 7");
		equal(await other.kind(), "closed");
	});

	it("14.17 tells MQTT 5 why: 0x90 for the topic, 0x83 for members, 0x99 for what is unreadable, which stays open", async () => {
		for (const [topic, payload, code, stays] of [
			["x", "{}", 0x90, false],
			[requests, "{}", 0x83, false],
			[requests, "{", 0x99, true],
		] as const) {
			const other = await online(at, { username: "provision", protocolVersion: 5 });
			other.publish(topic, payload);
			const packet = await other.next();
			equal(packet !== "closed" && packet.cmd === "puback" && packet.reasonCode, code);
			if (stays) ok(await other.quiet());
			else equal(await other.kind(), "disconnect");
			await other.end();
		}
	});

	it("14.17 never makes the connection a device's session", async () => {
		profile(at.server.core);
		await ask();
		equal(made()?.session, undefined);
	});
});
