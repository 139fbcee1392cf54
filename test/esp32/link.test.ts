// hosts/esp32/link.ts over a scripted radio and a told clock: joins for ever, says why not, and knows the time.
import type { Link, LinkConstructor, Store, StoreConstructor } from "../../hosts/contract.ts";
import { buildImage } from "../../hosts/virtual/image.ts";
import { deepEqual, equal, includes, ok } from "../assert.ts";
import { clock } from "../fakes/clock.ts";
import { chip } from "./fakes/chip.ts";
import { dhcp } from "./fakes/net.ts";
import { questions, sockets } from "./fakes/sntp.ts";
import Time, { keepDate, powerOn } from "./fakes/time.ts";
import type WiFi from "./fakes/wifi.ts";
import { radio } from "./fakes/wifi.ts";
import { fresh } from "./fresh.ts";

const identity = { title: "t", version: "1.0.0", target: "esp32", xs: "17.7" };
const image = buildImage({ identity, payload: Buffer.alloc(100) });
const Day = 86_400_000;
const Today = Date.UTC(2026, 5, 1);

describe("ESP32 link over a scripted radio", () => {
	let Constructor: LinkConstructor;
	let store: Store;
	let link: Link;
	let events: string[];
	let forget: () => void;

	const wifi = (): WiFi => {
		ok(radio.now, "expected a radio");
		return radio.now;
	};
	const start = (): void => {
		link = new Constructor({
			onChanged: (up) => void events.push(up ? "up" : "down"),
			onClock: () => void events.push("clock"),
			onError: (text) => void events.push(text),
		});
		clock.advance(0);
	};
	const answer = (message: number, value: number | string): void => {
		const question = questions.shift();
		ok(question, "expected a question for the time");
		question.answer(message, value);
	};

	beforeEach(async () => {
		forget = keepDate();
		powerOn();
		clock.reset();
		chip.reset(image);
		chip.random = 0;
		questions.length = 0;
		sockets.failure = "";
		dhcp.DNS = ["192.168.1.1"];
		Object.assign(radio, { joins: [], hostname: undefined, disconnects: 0, throwAt: "" });
		events = [];
		store = new (await fresh<StoreConstructor>("store.ts"))("wifi");
		store.set("ssid", "home");
		store.set("password", "secret-of-home");
		Constructor = await fresh<LinkConstructor>("link.ts");
		start();
	});
	afterEach(() => {
		link.close();
		equal(clock.armed, 0, "timers after close");
		forget();
	});

	it("joins the network of the store under the device's name, and says when it is up and when not", () => {
		deepEqual(radio.joins, [{ SSID: "home", password: "secret-of-home" }]);
		equal(radio.hostname, "thingsboard-xs");
		deepEqual([link.up, link.address, link.RSSI], [false, undefined, undefined]);
		wifi().tell(400);
		wifi().tell(500);
		deepEqual([link.up, link.address, link.RSSI], [true, "192.168.1.7", -60]);
		wifi().tell(200);
		deepEqual(events, ["down", "up", "down", "link: the access point is gone"]);
	});

	it("goes on joining for ever, ever more slowly up to a minute, and says why once", () => {
		const gaps: number[] = [];
		for (let attempt = 0; attempt < 9; attempt++) {
			const before = radio.joins.length;
			wifi().tell(200);
			let waited = 0;
			for (; radio.joins.length === before; waited += 250) clock.advance(250);
			gaps.push(waited);
		}
		deepEqual(gaps, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
		deepEqual(events, ["down", "link: the access point refused: a wrong password, or it is full"]);
		wifi().tell(500);
		wifi().tell(200);
		const before = radio.joins.length;
		clock.advance(500);
		equal(radio.joins.length, before + 1, "the waits begin anew after a success");
	});

	it("draws each wait from half of it to all of it", () => {
		chip.random = 2 ** 32 - 1;
		wifi().tell(200);
		clock.advance(998);
		equal(radio.joins.length, 1);
		clock.advance(2);
		equal(radio.joins.length, 2);
	});

	it("gives up on an access point that does not answer, and tries again", () => {
		clock.advance(20_000);
		includes(events.at(-1) ?? "", "join home: expected an association in 20000 ms");
		equal(radio.disconnects, 1);
		clock.advance(500);
		equal(radio.joins.length, 2);
		equal(events.length, 2, "letting go is no new reason");
	});

	it("gives up on a network without DHCP, and tries again", () => {
		wifi().tell(400);
		clock.advance(20_000);
		includes(events.at(-1) ?? "", "DHCP: expected an address");
		clock.advance(500);
		equal(radio.joins.length, 2);
	});

	it("never tells the password", () => {
		clock.advance(60_000);
		ok(!events.join().includes("secret-of-home"), events.join());
	});

	it("waits for commissioning, and joins once there is a name", () => {
		link.close();
		store.clear();
		events = [];
		radio.joins = [];
		start();
		includes(events.join(), "expected a Wi-Fi name in the store (npm run commission)");
		store.set("ssid", "open");
		clock.advance(60_000);
		deepEqual(radio.joins[0], { SSID: "open" });
	});

	it("survives a radio that throws and an application that throws", () => {
		radio.throwAt = "connect";
		wifi().tell(200);
		clock.advance(500);
		includes(events.at(-1) ?? "", "already connecting");
		radio.throwAt = "";
		clock.advance(1000);
		equal(radio.joins.length, 2);
		link.close();
		link = new Constructor({
			onChanged: () => {
				throw new Error("application");
			},
		});
		clock.advance(0);
		wifi().tell(500);
		equal(link.up, true);
	});

	it("joins all the same where the name cannot be set, and calls nobody back from inside the constructor", () => {
		link.close();
		radio.throwAt = "configure";
		radio.joins = [];
		events = [];
		let made = false;
		link = new Constructor({ onError: (text) => void events.push(`${made} ${text}`) });
		made = true;
		clock.advance(0);
		deepEqual(events, ["true link: Wi-Fi: Error: set hostname failed"]);
		equal(radio.joins.length, 1);
	});

	it("lets go of the store that cannot be read, however often it tries", () => {
		wifi().tell(200);
		for (let attempt = 0; attempt < 5; attempt++) {
			chip.fail("nvs_find_key", 0x1101);
			clock.advance(60_000);
		}
		includes(events.at(-1) ?? "", "link: Wi-Fi: Error: store: find ssid: ESP_ERR_NVS_NOT_INITIALIZED");
		deepEqual(
			chip.opened.filter((name) => name !== undefined),
			["wifi"],
			"the spec's own namespace alone is open",
		);
	});

	it("stays up where the time cannot even be asked for, says why, and asks again", () => {
		sockets.failure = "no socket";
		wifi().tell(500);
		deepEqual(events.slice(-2), ["SNTP pool.ntp.org: expected a socket, got Error: no socket", "up"]);
		clock.advance(5_000);
		equal(radio.joins.length, 1);
		sockets.failure = "";
		clock.advance(10_000);
		answer(1, Today / 1000);
		equal(link.clockValid, true);
	});

	it("asks a server by its address where DHCP names nobody who could resolve a name", () => {
		dhcp.DNS = [];
		wifi().tell(500);
		equal(questions[0]?.host, "162.159.200.123");
	});

	it("asks for the time when it is up, tells when it is known, and asks again every day", () => {
		wifi().tell(500);
		equal(link.clockValid, false);
		equal(questions[0]?.host, "pool.ntp.org");
		questions[0]?.answer(2); // SNTP.retry: the same question goes on
		answer(1, Today / 1000);
		equal(link.clockValid, true);
		equal(Date.now(), Today);
		clock.advance(Day);
		answer(1, (Today + Day + 3000) / 1000);
		equal(Date.now(), Today + Day + 3000);
		deepEqual(
			events.filter((event) => event === "clock"),
			["clock"],
		);
	});

	it("is put right by the network where the clock was wrong by years, either way", () => {
		for (const years of [6, -1]) {
			Time.set((Today + years * 365 * Day) / 1000);
			wifi().tell(500);
			answer(1, Today / 1000);
			equal(Date.now(), Today);
			wifi().tell(200);
		}
	});

	it("does not believe a time out of its mind, says so, and asks again", () => {
		wifi().tell(500);
		for (const seconds of [0, Date.UTC(2024, 0, 1) / 1000, Date.UTC(2106, 0, 1) / 1000]) {
			answer(1, seconds);
			equal(link.clockValid, false, String(seconds));
			clock.advance(3_600_000);
		}
		includes(events.join(), "SNTP pool.ntp.org: expected a time from 2025 to 2100, got 0");
		answer(-1, "no response from SNTP server");
		includes(events.at(-1) ?? "", "no response from SNTP server");
	});

	it("hears no answer that comes after the link went", () => {
		wifi().tell(500);
		wifi().tell(200);
		answer(1, Today / 1000);
		equal(link.clockValid, false);
	});

	it("knows the time at once after a restart that kept it", () => {
		wifi().tell(500);
		answer(1, Today / 1000);
		link.close();
		events = [];
		start();
		deepEqual(events, ["down", "clock"]);
	});
});
