import "../../setup.ts";
import type { Credentials } from "tbclient/credentials";
import { TBError } from "tbclient/errors";
import { Keyring } from "tbclient/keyring";
import Provisioning, { type ProvisioningOptions } from "tbclient/provisioning";
import { deepEqual, equal, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { FakeStore } from "../../fakes/store.ts";

const Minute = 60_000;
const log: string[] = [];
let store: FakeStore;
let provisioning: Provisioning;

/** What credentials look like in the log. */
const show = (credentials: Credentials): string => JSON.stringify(credentials);

/** A device that boots with the store there is. */
function boot(options: Partial<ProvisioningOptions> = {}): Provisioning {
	provisioning = new Provisioning({
		io: FakeMQTT,
		dns: { io: null },
		socket: { io: null },
		host: "server",
		store,
		key: "K",
		secret: "S",
		deviceName: "D",
		random: () => 1,
		onCredentials: (credentials) => void log.push(show(credentials)),
		onError: (error) => void log.push(String(error)),
		...options,
	});
	clock.advance(0);
	return provisioning;
}

/** The server takes the provisioning session and its request. */
function request(): FakeMQTT {
	const mqtt = FakeMQTT.last;
	mqtt.accept();
	return mqtt;
}

const granted = (token: string) => ({
	status: "SUCCESS",
	credentialsType: "ACCESS_TOKEN",
	credentialsValue: token,
});

function answer(mqtt: FakeMQTT, body: object | string, ...ends: number[]): void {
	mqtt.ack(2);
	mqtt.deliver("/provision/response", typeof body === "string" ? body : JSON.stringify(body), ...ends);
}

const refused = new TBError("TB_CREDENTIALS", "not authorized");
const kept = () => new Keyring(store).list().map(({ credentials, trust }) => `${show(credentials)} ${trust}`);

describe("Provisioning", () => {
	beforeEach(() => {
		clock.reset();
		FakeMQTT.forget();
		log.length = 0;
		store = new FakeStore();
	});

	it("asks with exactly what is set, as user `provision`, and keeps the token that it gets", () => {
		boot();
		const mqtt = request();
		equal(mqtt.options.user, "provision");
		deepEqual(mqtt.of(FakeMQTT.SUBSCRIBE)[0]?.items, [{ topic: "/provision/response", QoS: 1 }]);
		const [packet] = mqtt.published;
		equal(packet?.topic, "/provision/request");
		equal(packet?.text, '{"provisionDeviceKey":"K","provisionDeviceSecret":"S","deviceName":"D"}');
		answer(mqtt, granted("T1"));
		deepEqual(log, ['{"token":"T1"}']);
		deepEqual(kept(), ['{"token":"T1"} 1']);
		provisioning.accepted();
		deepEqual(kept(), ['{"token":"T1"} 2']);
		clock.advance(1);
		ok(mqtt.closed);
		equal(clock.armed, 0);
	});

	it("uses what is kept at the next boot, without a word to the server", () => {
		boot();
		answer(request(), granted("T1"));
		provisioning.accepted();
		provisioning.close();
		log.length = 0;
		boot();
		deepEqual(log, ['{"token":"T1"}']);
		equal(FakeMQTT.made.length, 1);
	});

	const asks: [string, ProvisioningOptions["credentials"], object, object, object][] = [
		[
			"a token of its own",
			{ token: "OWN" },
			{ credentialsType: "ACCESS_TOKEN", token: "OWN" },
			granted("OWN"),
			{ token: "OWN" },
		],
		[
			"basic credentials",
			{ clientId: "c", userName: "u", password: "p" },
			{ credentialsType: "MQTT_BASIC", clientId: "c", username: "u", password: "p" },
			{
				status: "SUCCESS",
				credentialsType: "MQTT_BASIC",
				credentialsValue: { clientId: "c", userName: "u", password: "p" },
			},
			{ clientId: "c", userName: "u", password: "p" },
		],
		[
			"a client id alone",
			{ clientId: "c" },
			{ credentialsType: "MQTT_BASIC", clientId: "c" },
			{
				status: "SUCCESS",
				credentialsType: "MQTT_BASIC",
				credentialsValue: { clientId: "c", userName: null, password: "" },
			},
			{ clientId: "c" },
		],
		[
			"a user name alone",
			{ userName: "u" },
			{ credentialsType: "MQTT_BASIC", username: "u" },
			{
				status: "SUCCESS",
				credentialsType: "MQTT_BASIC",
				credentialsValue: { clientId: "", userName: "u", password: null },
			},
			{ userName: "u" },
		],
		[
			"a certificate",
			{ certificate: "MIIB" },
			{ credentialsType: "X509_CERTIFICATE", hash: "MIIB" },
			{ status: "SUCCESS", credentialsType: "X509_CERTIFICATE", credentialsValue: "MIIB" },
			{},
		],
	];
	for (const [name, credentials, fields, response, expected] of asks)
		it(`asks for ${name}, and is given it`, () => {
			boot({ credentials: credentials ?? {}, gateway: true });
			const mqtt = request();
			const { provisionDeviceKey, provisionDeviceSecret, deviceName, gateway, ...rest } = JSON.parse(
				mqtt.published[0]?.text ?? "",
			);
			deepEqual(rest, fields);
			equal(gateway, true);
			answer(mqtt, response);
			deepEqual(log, [show(expected)]);
		});

	it("takes what the server has for a device that it knew before, not what was asked for", () => {
		boot({ credentials: { token: "OWN" } });
		answer(request(), granted("THEIRS"));
		deepEqual(log, ['{"token":"THEIRS"}']);
		deepEqual(kept(), ['{"token":"THEIRS"} 1']);
	});

	it("tells a status and asks again after 1 minute, 2 minutes … 1 hour", () => {
		boot();
		const waits: number[] = [];
		for (let i = 0; i < 8; i++) {
			answer(request(), { status: "NOT_FOUND", errorMsg: "Provision data was not found!" });
			equal(
				log.pop(),
				"TB_PROVISION: provision: expected SUCCESS, got NOT_FOUND (Provision data was not found!)",
			);
			const before = clock.now;
			const { length } = FakeMQTT.made;
			while (FakeMQTT.made.length === length) clock.advance(Minute);
			waits.push((clock.now - before) / Minute);
		}
		deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
	});

	const wrong: [string, object | string, string][] = [
		["is no JSON", "no", "TB_PROVISION: provision: expected a JSON object"],
		["has no reason", { status: "FAILURE" }, "got FAILURE (no reason)"],
		[
			"is for another protocol",
			{ status: "SUCCESS", credentialsType: "LWM2M_CREDENTIALS" },
			"got LWM2M_CREDENTIALS",
		],
		["has an empty token", granted(""), "expected credentials for MQTT"],
		["has a token that is no text", { ...granted(""), credentialsValue: 1 }, "expected credentials for MQTT"],
		[
			"has no basic credentials",
			{ ...granted("x"), credentialsType: "MQTT_BASIC" },
			"expected credentials for MQTT",
		],
		[
			"has null for them",
			{ ...granted("x"), credentialsType: "MQTT_BASIC", credentialsValue: null },
			"expected credentials",
		],
		[
			"has a list for them",
			{ ...granted("x"), credentialsType: "MQTT_BASIC", credentialsValue: [] },
			"expected credentials",
		],
	];
	for (const [name, body, text] of wrong)
		it(`reports an answer that ${name}, and asks again`, () => {
			boot();
			answer(request(), body);
			ok(log[0]?.includes(text), log[0]);
			clock.advance(Minute);
			equal(FakeMQTT.made.length, 2);
		});

	it("reads an answer in pieces, ignores other topics and empty messages", () => {
		boot();
		const mqtt = request();
		mqtt.deliver("v1/devices/me/attributes", '{"a":1}');
		mqtt.empty("/provision/response", 1, 9);
		mqtt.deliver("/provision/response", "x".repeat(5000), 4000);
		answer(mqtt, granted("T1"), 1, 20);
		deepEqual(log, ['{"token":"T1"}']);
	});

	it("takes the count for the length where the MQTT client does not tell it", () => {
		boot();
		const mqtt = request();
		const bytes = ArrayBuffer.fromString(JSON.stringify(granted("T1")));
		const read = mqtt.read.bind(mqtt);
		mqtt.read = ((view: Uint8Array) => {
			view.set(new Uint8Array(bytes));
			return view.length;
		}) as typeof read;
		mqtt.options.onReadable?.call(mqtt, bytes.byteLength, { topic: "/provision/response", more: false });
		deepEqual(log, ['{"token":"T1"}']);
	});

	it("connects again and again until the request is out", () => {
		boot();
		FakeMQTT.last.drop();
		clock.advance(1000);
		FakeMQTT.last.room = 10;
		FakeMQTT.last.accept();
		FakeMQTT.last.drop();
		clock.advance(2000);
		equal(log.length, 2);
		answer(request(), granted("T1"));
		equal(log.pop(), '{"token":"T1"}');
	});

	it("sends a long request in pieces, as there is room", () => {
		const certificate = "M".repeat(2500);
		boot({ credentials: { certificate } });
		const mqtt = FakeMQTT.last;
		mqtt.room = 20;
		mqtt.accept();
		equal(mqtt.published.length, 0);
		for (let i = 0; i < 20; i++) mqtt.writable(300);
		equal(JSON.parse(mqtt.published[0]?.text ?? "").hash, certificate);
		mqtt.writable(300);
		equal(mqtt.published.length, 1);
	});

	it("takes a write that fails for a lost connection", () => {
		boot();
		FakeMQTT.last.failure = new Error("broken");
		FakeMQTT.last.accept();
		clock.advance(0);
		equal(log.length, 1);
		ok(log[0]?.includes("broken"), log[0]);
	});

	it("gives up on an answer after 30 s, and asks again", () => {
		boot();
		request().ack(2);
		clock.advance(30_000);
		deepEqual(log, ["TB_TIMEOUT: provision: expected an answer, none came in 30000 ms"]);
		clock.advance(Minute);
		equal(FakeMQTT.made.length, 2);
	});

	it("tries credentials of its own when the answer to them was lost, and asks again if they are refused", () => {
		boot({ credentials: { token: "OWN" } });
		request().drop();
		deepEqual(log.slice(1), ['{"token":"OWN"}']);
		provisioning.refused(refused);
		clock.advance(Minute);
		equal(FakeMQTT.made.length, 2);
		answer(request(), granted("OWN"));
		provisioning.accepted();
		deepEqual(kept(), ['{"token":"OWN"} 2']);
	});

	it("asks no more once credentials of its own are accepted", () => {
		boot({ credentials: { token: "OWN" } });
		request().drop();
		provisioning.accepted();
		clock.advance(60 * Minute);
		equal(FakeMQTT.made.length, 1);
	});

	it("cut off before the answer, tries its own credentials at the next boot", () => {
		boot({ credentials: { token: "OWN" } });
		request();
		provisioning.close();
		boot({ credentials: { token: "OWN" } });
		deepEqual(log, ['{"token":"OWN"}']);
		provisioning.refused(refused); // once is enough: nobody ever granted them
		clock.advance(0);
		equal(FakeMQTT.made.length, 2);
	});

	it("gets others when they are revoked, and forgets the old ones only when the new are accepted", () => {
		boot();
		answer(request(), granted("T1"));
		provisioning.accepted();
		provisioning.refused(new TBError("TB_LOST", "elsewhere"));
		provisioning.refused(refused);
		clock.advance(Minute);
		equal(FakeMQTT.made.length, 1);
		provisioning.refused(refused);
		clock.advance(0);
		provisioning.refused(refused); // while the request runs
		answer(request(), granted("T2"));
		deepEqual(kept(), ['{"token":"T2"} 1', '{"token":"T1"} 2']);
		deepEqual(log, ['{"token":"T1"}', '{"token":"T2"}']);
		provisioning.accepted();
		deepEqual(kept(), ['{"token":"T2"} 2']);
	});

	it("goes back to the old ones when the new are refused, and keeps those that are accepted", () => {
		boot();
		answer(request(), granted("T1"));
		provisioning.accepted();
		for (let i = 0; i < 2; i++) provisioning.refused(refused);
		clock.advance(0);
		answer(request(), granted("T2"));
		for (let i = 0; i < 2; i++) provisioning.refused(refused);
		clock.advance(0);
		equal(log[log.length - 1], '{"token":"T1"}');
		provisioning.accepted();
		provisioning.accepted();
		deepEqual(kept(), ['{"token":"T1"} 2']);
	});

	it("keeps the accepted ones over any number of others", () => {
		boot();
		answer(request(), granted("T1"));
		provisioning.accepted();
		for (const token of ["T2", "T3", "T4"]) {
			for (let i = 0; i < 4; i++) {
				provisioning.refused(refused);
				clock.advance(0);
			}
			clock.advance(token === "T2" ? 0 : (token === "T3" ? 1 : 2) * Minute);
			answer(request(), granted(token));
			deepEqual(kept(), [`{"token":"${token}"} 1`, '{"token":"T1"} 2']);
		}
	});

	it("asks no more than once a minute for credentials that are never accepted", () => {
		boot();
		answer(request(), granted("T1"));
		for (let i = 0; i < 2; i++) provisioning.refused(refused);
		clock.advance(Minute - 1);
		equal(FakeMQTT.made.length, 1);
		clock.advance(1);
		equal(FakeMQTT.made.length, 2);
	});

	it("goes on with the store's failure told, when it cannot keep what it got", () => {
		boot();
		store.failAt = store.count + 2; // `set`, after both were read
		answer(request(), granted("T1"));
		deepEqual(log, [
			"TB_STORE: store of the credentials: store: ESP_ERR_NVS_NOT_ENOUGH_SPACE",
			'{"token":"T1"}',
		]);
		provisioning.accepted();
		deepEqual(kept(), ['{"token":"T1"} 2']);
	});

	it("does not ask for others because the store cannot be read", () => {
		store.failAt = 0;
		boot();
		ok(log[0]?.startsWith("TB_STORE"), log[0]);
		equal(FakeMQTT.made.length, 0);
		clock.advance(Minute);
		equal(FakeMQTT.made.length, 1);
	});

	it("takes a copy that cannot be read for absent", () => {
		store.values.set("credentials0", "{");
		store.values.set("credentials1", '{"token":"T"}');
		boot();
		equal(FakeMQTT.made.length, 1);
		store.values.set("credentials0", 7);
		deepEqual(kept(), []);
	});

	it("reports a callback that throws, and one that throws in telling nothing", () => {
		boot({
			onCredentials() {
				throw new Error("mine");
			},
		});
		answer(request(), granted("T1"));
		deepEqual(log, ["TB_CALLBACK: onCredentials threw: mine"]);
		boot({
			onError() {
				throw new Error("worse");
			},
			onCredentials() {
				throw new Error("mine");
			},
		});
		provisioning.close();
	});

	it("says nothing after close()", () => {
		boot();
		const mqtt = request();
		provisioning.close();
		provisioning.close();
		mqtt.deliver("/provision/response", JSON.stringify(granted("T1")));
		provisioning.accepted();
		provisioning.refused(refused);
		clock.advance(60 * Minute);
		deepEqual([...log, clock.armed], [0]);
	});

	it("refuses what cannot be asked for", () => {
		const make = (options: object) => () => boot(options);
		throws(make({ host: "" }), "host");
		throws(make({ key: "" }), 'key: expected what the device profile has, got ""');
		throws(make({ secret: undefined }), "secret: expected what the device profile has, got undefined");
		throws(make({ credentials: { token: "T", certificate: "C" } }), "got several");
		throws(make({ credentials: { token: "T", clientId: "C" } }), "got several");
	});

	it("is silent before there are credentials", () => {
		boot();
		provisioning.accepted();
		provisioning.refused(refused);
		deepEqual(log, []);
	});

	it("takes the jitter from Math.random and needs no onError", () => {
		boot({ random: undefined as never, onError: undefined as never });
		answer(request(), { status: "FAILURE" });
		clock.advance(Minute);
		equal(FakeMQTT.made.length, 2);
	});
});

describe("Provisioning, cut off at every operation of the store", () => {
	/** The server: makes one device, once, and refuses its name afterwards. Returns the token that it knows. */
	function play(own: string | undefined, cutAt: number): string {
		let known = "";
		store.failAt = cutAt;
		let cut = false;
		for (let life = 0; life < 3; life++) {
			FakeMQTT.forget();
			clock.reset();
			log.length = 0;
			boot({
				...(own !== undefined && { credentials: { token: own } }),
				onError: (error) => (cut ||= error.code === "TB_STORE"),
			});
			for (let step = 0; step < 6 && !cut; step++) {
				const mqtt = FakeMQTT.made[FakeMQTT.made.length - 1];
				const used = log[log.length - 1];
				if (used && used === `{"token":"${known}"}`) provisioning.accepted();
				else if (used) provisioning.refused(refused);
				else if (mqtt && !mqtt.closed) {
					mqtt.accept();
					known ||= own ?? "T1";
					if (!cut) answer(mqtt, granted(known));
				}
				clock.advance(0);
			}
			provisioning.close();
			cut = false;
			store.failAt = -1;
		}
		return known;
	}

	for (const own of ["OWN", undefined])
		it(`loses no credentials ${own ? "of its own" : "that were kept"}`, () => {
			play(own, -1);
			const operations = store.count;
			ok(operations > 8, `${operations} operations`);
			for (let cutAt = 0; cutAt < operations; cutAt++) {
				store = new FakeStore();
				const known = play(own, cutAt);
				deepEqual(kept(), [`{"token":"${known}"} 2`], `cut at ${cutAt}`);
			}
		});
});
