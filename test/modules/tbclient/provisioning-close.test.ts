import "../../setup.ts";
import Provisioning from "tbclient/provisioning";
import { deepEqual, equal } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { FakeStore } from "../../fakes/store.ts";

const log: string[] = [];

/** A store that cannot be written. */
class FullStore extends FakeStore {
	override set(): void {
		throw new Error("full");
	}
}

/** Provisions a device that closes at the first error. */
function boot(store = new FakeStore()): void {
	const provisioning = new Provisioning({
		...{ io: FakeMQTT, dns: { io: null }, socket: { io: null }, host: "server" },
		...{ store, key: "K", secret: "S", credentials: { token: "own" }, random: () => 1 },
		onCredentials: ({ token }) => void log.push(`credentials ${token}`),
		onError({ code }) {
			log.push(code);
			provisioning.close();
		},
	});
	clock.advance(0);
	clock.advance(0);
}

/** Nothing more comes, whatever time passes. */
function isOver(connections: number): void {
	clock.advance(10_000_000);
	deepEqual([log.length, FakeMQTT.made.length, clock.armed], [1, connections, 0]);
}

describe("Provisioning over TLS", () => {
	it("waits for the time, as any client does", () => {
		clock.reset();
		FakeMQTT.forget();
		log.length = 0;
		let now: number | undefined;
		const provisioning = new Provisioning({
			...{ io: FakeMQTT, dns: { io: null }, socket: { io: null, secure: {} }, host: "server" },
			...{ store: new FakeStore(), key: "K", secret: "S", clock: () => now },
			onCredentials: () => void log.push("credentials"),
			onError: ({ code }) => void log.push(code),
		});
		clock.advance(5000);
		deepEqual([log, FakeMQTT.made.length], [["TB_CLOCK"], 0]);
		now = 1_700_000_000_000;
		clock.advance(1000);
		equal(FakeMQTT.made.length, 1);
		provisioning.close();
	});
});

describe("Provisioning: closed from onError", () => {
	beforeEach(() => {
		clock.reset();
		FakeMQTT.forget();
		log.length = 0;
	});

	it("asks no more after a session that ended without an answer", () => {
		boot();
		FakeMQTT.last.accept();
		FakeMQTT.last.drop();
		isOver(1);
	});
	it("asks no more after a refusal", () => {
		boot();
		FakeMQTT.last.accept();
		FakeMQTT.last.deliver("/provision/response", '{"status":"FAILURE"}');
		equal(log[0], "TB_PROVISION");
		isOver(1);
	});
	it("asks no more when there was no connection", () => {
		boot();
		FakeMQTT.last.drop();
		isOver(1);
	});
	it("does not even ask when the store is full", () => {
		boot(new FullStore());
		equal(log[0], "TB_STORE");
		isOver(0);
	});
});
