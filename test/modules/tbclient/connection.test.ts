import "../../setup.ts";
import { Connection } from "tbclient/connection";
import { TBError } from "tbclient/errors";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make } from "./rig.ts";

describe("TBClient: connection", () => {
	beforeEach(begin);

	it("connects in a later turn, with the token as user name and keep-alive on", () => {
		make();
		equal(FakeMQTT.made.length, 0);
		clock.advance(0);
		const { options } = FakeMQTT.last;
		deepEqual([options.user, options.keepAlive, options.port], ["A1", 30_000, 1883]);
	});
	it("subscribes after every CONNACK, then is connected", () => {
		make();
		for (let i = 1; i <= 3; i++) {
			clock.advance(60_000);
			FakeMQTT.last.accept();
			equal(FakeMQTT.last.written[0]?.items?.length, 6);
			equal(log.filter((line) => line === "connected").length, i);
			ok(client.connected);
			FakeMQTT.last.drop();
			ok(!client.connected);
		}
	});
	it("names a refused filter", () => {
		connect();
		FakeMQTT.last.drop();
		clock.advance(2000);
		FakeMQTT.last.accept();
		FakeMQTT.last.control({ operation: FakeMQTT.SUBACK, id: 999, payload: [0x80] });
		FakeMQTT.last.grant([1, 1, 0x80, 0, 0]);
		includes(log.join(), "TB_SUBSCRIBE: subscribe v1/devices/me/rpc/request/+");
	});
	it("waits long after a refusal of the credentials, names code and cure, and not the token", () => {
		for (const code of [1, 2, 4, 5, 77]) {
			FakeMQTT.forget();
			make({ token: "SECRET" });
			clock.advance(0);
			FakeMQTT.last.accept(code);
			const name = code === 1 || code === 77 ? "TB_REFUSED" : "TB_CREDENTIALS";
			includes(log.join(), `${name}: connect: expected CONNACK 0, got ${code}`);
			ok(!log.join().includes("SECRET"));
			clock.advance(29_999);
			equal(FakeMQTT.made.length, 1);
			clock.advance(30_001);
			equal(FakeMQTT.made.length, 2);
			equal(client.stats.refused, 1);
			client.close();
		}
	});
	it("tries soon again when the server is unavailable", () => {
		make();
		clock.advance(0);
		FakeMQTT.last.accept(3);
		clock.advance(1000);
		equal(FakeMQTT.made.length, 2);
	});
	it("gives up on a connection without CONNACK after 30 s", () => {
		make();
		clock.advance(30_000);
		includes(log.join(), "TB_TIMEOUT: connect to server:1883");
		ok(FakeMQTT.last.closed);
		clock.advance(1000);
		equal(FakeMQTT.made.length, 2);
	});
	it("takes a constructor that throws for a failed attempt", () => {
		FakeMQTT.broken = new Error("no memory");
		make();
		clock.advance(0);
		includes(log.join(), "TB_LOST: connect to server:1883: no memory");
	});
	it("does not take a connection that dies within seconds for a success", () => {
		make();
		const waits: number[] = [];
		for (let i = 0; i < 5; i++) {
			const { length } = FakeMQTT.made;
			let wait = 0;
			for (; FakeMQTT.made.length === length; wait += 100) clock.advance(100);
			waits.push(wait);
			FakeMQTT.last.accept();
			FakeMQTT.last.drop();
		}
		deepEqual(waits.slice(1), [500, 1000, 2000, 4000]);
	});
	it("forgets the back-off after a connection that lasted", () => {
		make();
		clock.advance(0);
		for (let i = 0; i < 4; i++) {
			FakeMQTT.last.drop();
			while (FakeMQTT.last.closed) clock.advance(100);
		}
		FakeMQTT.last.accept();
		FakeMQTT.last.grant();
		clock.advance(10_000);
		FakeMQTT.last.drop();
		const { length } = FakeMQTT.made;
		clock.advance(500);
		equal(FakeMQTT.made.length, length + 1);
	});
	it("ignores what an earlier connection still says", () => {
		const old = connect();
		old.drop();
		old.accept();
		old.ack(1);
		ok(!client.connected);
	});
	it("names host, port and how far it came", () => {
		make();
		clock.advance(0);
		FakeMQTT.last.giveUp();
		const text = (expected: string) =>
			`disconnected TB_LOST: connect to server:1883: expected ${expected}, it failed`;
		deepEqual(log.splice(0), [text("an address")]);
		equal(client.stats.lost, 1);
		clock.advance(500);
		FakeMQTT.last.options.socket.hooks?.onSocket?.(false);
		FakeMQTT.last.drop();
		deepEqual(log.splice(0), [text("a connection")]);
		clock.advance(1000);
		FakeMQTT.last.options.socket.hooks?.onSocket?.(false);
		FakeMQTT.last.options.socket.hooks?.onSocket?.(true);
		FakeMQTT.last.drop();
		deepEqual(log, [text("CONNACK")]);
		equal(FakeMQTT.made.length, 3);
	});
	it("names what did not come in time", () => {
		make();
		for (const [index, open] of [undefined, false, true].entries()) {
			clock.advance(index * 1000);
			if (open !== undefined) FakeMQTT.last.options.socket.hooks?.onSocket?.(open);
			clock.advance(30_000);
			const expected = ["an address", "a connection", "CONNACK"][index];
			const text = `connect to server:1883: expected ${expected}, none came in 30000 ms`;
			deepEqual(log.splice(0), [`disconnected TB_TIMEOUT: ${text}`]);
		}
	});
	it("tells a close by the server from an unanswered PINGREQ", () => {
		connect().drop(new Error("ECONNRESET"));
		const where = "connection to server:1883";
		const closed = `${where}: closed by the server or the network: ECONNRESET`;
		const silent = `${where}: expected PINGRESP, none came within keep-alive`;
		deepEqual(log.splice(0), [`disconnected TB_LOST: ${closed}`]);
		clock.advance(500);
		FakeMQTT.last.accept();
		FakeMQTT.last.giveUp();
		deepEqual(log, ["connected", `disconnected TB_TIMEOUT: ${silent}`]);
	});
	it("waits long after TLS has failed, and says why", () => {
		make();
		clock.advance(0);
		class TLSError extends Error {
			override readonly name = "TLSError";
		}
		FakeMQTT.last.options.socket.hooks?.onSocket?.(false);
		FakeMQTT.last.drop(new TLSError("certificate has expired"));
		includes(log.join(), "TB_TLS: connect to server:1883");
		includes(log.join(), "certificate has expired");
		clock.advance(29_999);
		equal(FakeMQTT.made.length, 1);
		clock.advance(30_001);
		equal(FakeMQTT.made.length, 2);
	});
	it("goes on when the MQTT client throws in close", () => {
		const mqtt = connect();
		mqtt.close = () => {
			throw new Error("already closed");
		};
		mqtt.drop();
		clock.advance(500);
		equal(FakeMQTT.made.length, 2);
	});
	it("names the cure of a wrong token", () => {
		for (const code of [4, 5]) {
			make();
			clock.advance(0);
			FakeMQTT.last.accept(code);
			includes(log.pop() ?? "", "against the device's credentials");
			client.close();
		}
	});
	it("passes a client identifier on", () => {
		make({ clientId: "D1" });
		clock.advance(0);
		equal(FakeMQTT.last.options.id, "D1");
	});
	it("stays closed when it is dropped after that", () => {
		const never = () => {
			throw new Error("an event after close()");
		};
		const events = {
			onUp: never,
			onDown: never,
			onReadable: never,
			onWritable: never,
			onControl: never,
			onEmptyPublish: never,
			isIdle: never,
		};
		const network = { io: FakeMQTT, dns: { io: null }, socket: { io: null } };
		const options = { ...network, host: "h", port: 1, login: {}, keepAlive: 1, random: Math.random };
		const connection = new Connection(options, events);
		connection.close();
		connection.drop(new TBError("TB_LOST", "late"));
		clock.advance(100_000);
		deepEqual([FakeMQTT.made.length, clock.armed], [0, 0]);
	});
});
