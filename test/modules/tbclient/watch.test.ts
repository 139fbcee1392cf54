import "../../setup.ts";
import { deepEqual, equal, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make } from "./rig.ts";

const Pushes = "v1/devices/me/attributes";
const asked = () =>
	FakeMQTT.last.published.filter(({ topic = "" }) => topic.startsWith(`${Pushes}/request/`));
const answer = (index: number, text: string) => {
	const { id, topic = "" } = asked()[index] ?? {};
	FakeMQTT.last.ack(id);
	FakeMQTT.last.deliver(topic.replace("request", "response"), text);
};
const hear = (name: string) => (values: object, deleted: string[]) =>
	void log.push(`${name} ${JSON.stringify(values)} ${deleted}`);

describe("TBClient: watched attributes", () => {
	beforeEach(begin);

	it("asks for them after every connection, and tells values and what has none", () => {
		make({ watch: ["a", "b"] });
		clock.advance(0);
		for (let i = 0; i < 2; i++) {
			FakeMQTT.last.accept();
			equal(asked()[0]?.text, '{"sharedKeys":"a,b"}');
			log.length = 0;
			answer(0, '{"shared":{"a":1}}');
			deepEqual(log, ['attributes {"a":1} b']);
			FakeMQTT.last.drop();
			clock.advance(1000);
		}
	});
	it("asks once for all watches, and tells each of its own", () => {
		make({ watch: ["a"] });
		client.watchAttributes(["a", "b"], hear("one"));
		client.watchAttributes(["c"], hear("two"));
		clock.advance(0);
		FakeMQTT.last.accept();
		equal(asked()[0]?.text, '{"sharedKeys":"a,b,c"}');
		log.length = 0;
		answer(0, '{"shared":{"a":1,"b":2,"x":3}}');
		deepEqual(log, ['attributes {"a":1} ', 'one {"a":1,"b":2} ', "two {} c"]);
		log.length = 0;
		FakeMQTT.last.deliver(Pushes, '{"a":5,"x":6}');
		FakeMQTT.last.deliver(Pushes, '{"deleted":["c","x"]}');
		deepEqual(log, ['attributes {"a":5,"x":6} ', 'one {"a":5} ', "attributes {} c,x", "two {} c"]);
	});
	it("asks at once for what is watched while connected, until it is not", () => {
		connect();
		const heard = hear("one");
		client.watchAttributes(["a"], heard);
		answer(0, "{}");
		client.watchAttributes(["b"], heard);
		client.unwatchAttributes(heard);
		answer(1, '{"shared":{"b":1}}');
		FakeMQTT.last.deliver(Pushes, '{"a":5}');
		deepEqual(log, ["one {} a", 'attributes {"a":5} ']);
	});
	it("believes a push that came after the question more than the answer", () => {
		connect();
		client.watchAttributes(["a", "b", "c"], hear("one"));
		FakeMQTT.last.deliver(Pushes, '{"a":2}');
		FakeMQTT.last.deliver(Pushes, '{"deleted":["b"]}');
		answer(0, '{"shared":{"a":1,"b":1,"c":1}}');
		deepEqual(log, ['attributes {"a":2} ', 'one {"a":2} ', "attributes {} b", "one {} b", 'one {"c":1} ']);
	});
	it("asks again 5 s after a question without answer, on the next connection after a loss", () => {
		connect({ requestTimeout: 1000 });
		client.watchAttributes(["a"], hear("one"));
		client.watchAttributes(["b"], hear("two"));
		for (const { id } of asked()) FakeMQTT.last.ack(id);
		clock.advance(1000 + 4999);
		equal(asked().length, 2);
		clock.advance(1);
		equal(asked()[2]?.text, '{"sharedKeys":"a,b"}');
		FakeMQTT.last.ack(asked()[2]?.id);
		clock.advance(1000);
		FakeMQTT.last.drop();
		clock.advance(1000);
		FakeMQTT.last.accept();
		equal(asked().length, 1);
		client.close();
		equal(clock.armed, 0);
	});
	it("cannot reach a prototype by its keys", () => {
		connect();
		client.watchAttributes(["toString", "__proto__"], hear("one"));
		answer(0, '{"shared":{"__proto__":{"x":1}}}');
		deepEqual(log, ['one {"__proto__":{"x":1}} toString']);
		equal(({} as { x?: number }).x, undefined);
	});
	it("refuses keys that no question can name, and more than 64", () => {
		make();
		throws(() => client.watchAttributes(["a,b"], hear("")), "comma");
		throws(() => client.watchAttributes([], hear("")), "got 0");
		throws(() => client.watchAttributes(Array(65).fill("a"), hear("")), "got 65");
		client.close();
		throws(() => make({ watch: [""] }), "comma");
		equal(clock.armed, 0);
	});
});
