import type TBGateway from "gateway";
import { equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, build, client } from "./rig.ts";

const Names = ["A", 'B "quoted"', "Ü 温度", "__proto__"];

/** mulberry32. */
function generator(seed: number): (limit: number) => number {
	let state = seed;
	return (limit) => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
	};
}

/** A server by ThingsBoard's rules: sub-sessions, one acknowledgement, limits by the second; over them it acknowledges and closes. */
class Server {
	readonly stored = new Set<number>();
	/** Closes for a limit. */
	overLimit = 0;
	#rate: number;
	#level: number;
	#at = clock.now;
	#mqtt: FakeMQTT | undefined;
	#here = new Set<string>();

	constructor(rate: number) {
		this.#rate = rate;
		this.#level = rate;
	}

	/** Answers what was written. */
	serve(mqtt: FakeMQTT): void {
		if (mqtt !== this.#mqtt) this.#here.clear();
		this.#mqtt = mqtt;
		for (const packet of mqtt.written.splice(0)) {
			if (mqtt.closed) return;
			const whole = (packet.byteLength ?? 0) <= packet.text.length;
			if (packet.operation === FakeMQTT.SUBSCRIBE)
				mqtt.control({
					operation: FakeMQTT.SUBACK,
					id: packet.id ?? 0,
					payload: packet.items?.map(() => 1) ?? [],
				});
			else if (packet.topic === "v1/devices/me/rpc/request/0") this.#limits(mqtt);
			else if (packet.QoS && !whole) mqtt.written.push(packet);
			else if (packet.QoS) this.#take(mqtt, packet.topic ?? "", packet.text, packet.id);
		}
	}

	#limits(mqtt: FakeMQTT): void {
		const none = { messages: null, telemetryMessages: null };
		const gatewayRateLimits = { ...none, telemetryDataPoints: `${this.#rate}:1` };
		const rateLimits = { ...none, telemetryDataPoints: null };
		mqtt.deliver("v1/devices/me/rpc/response/0", JSON.stringify({ rateLimits, gatewayRateLimits }));
	}

	#take(mqtt: FakeMQTT, topic: string, text: string, id: number | undefined): void {
		const entries = Object.entries(JSON.parse(text)) as [string, { n: number }[]][];
		if (topic.endsWith("/connect")) this.#here.add(JSON.parse(text).device);
		if (topic.endsWith("/disconnect")) this.#here.delete(JSON.parse(text).device);
		mqtt.ack(id);
		if (!topic.endsWith("/telemetry")) return;
		for (const [name, list] of entries) {
			ok(this.#here.has(name), `${name} is connected before it says anything`);
			if (!this.#admit(list.length)) {
				this.overLimit += 1;
				mqtt.drop();
				return;
			}
			for (const { n } of list) this.stored.add(n);
		}
	}

	#admit(points: number): boolean {
		this.#level = Math.min(this.#rate, this.#level + ((clock.now - this.#at) * this.#rate) / 1000);
		this.#at = clock.now;
		if (this.#level < points) return false;
		this.#level -= points;
		return true;
	}
}

/** Every reading ends in exactly one completion; "done" only for what the server has, and nothing is left in the books. */
function wander(seed: number): void {
	const random = generator(seed);
	const results: (string | undefined)[] = [];
	const server = new Server(5 + random(40));
	const gateway: TBGateway = build(
		{
			sessionLimits: true,
			batch: 256 + random(1000),
			onRPC: ({ device, id }) => void (random(3) && gateway.respond(device, id, "x".repeat(random(700)))),
			queue: { messages: 12, bytes: 900, total: 2500, drop: random(2) ? "oldest" : "refuse" },
		},
		{ sessionLimits: true },
	);
	const name = () => Names[random(Names.length)] as string;
	const write = (): void => {
		const [n, child] = [results.length, name()];
		results.push(undefined);
		gateway.sendTelemetry(child, { n, ...(random(6) ? {} : { pad: "x".repeat(random(120)) }) }, (error) => {
			equal(results[n], undefined, `one completion for ${n}`);
			results[n] = error?.code ?? "done";
			if (!error) ok(server.stored.has(n), `${n} of ${child} is on the server`);
		});
	};
	let [asked, answered] = [0, 0];
	const ask = (): void => {
		asked += 1;
		gateway.requestAttributes(name(), { client: ["a"], shared: ["b"] }, () => void answered++);
	};
	const say = (mqtt: FakeMQTT, id: number): void => {
		const [device, other] = [name(), name()];
		if (!random(3))
			mqtt.deliver("v1/gateway/rpc", JSON.stringify({ device, data: { id: random(4), method: "m" } }));
		const notice = random(2)
			? { method: "deleted", params: device }
			: { method: "renamed", params: { [device]: other } };
		const text = JSON.stringify(notice).replace('":"', '":"gateway_device_');
		if (!random(10)) mqtt.deliver(`v1/devices/me/rpc/request/${id}`, text);
	};
	for (let step = 0; step < 300; step++) {
		for (let i = random(4); i > 0; i--) write();
		if (!random(12)) gateway.connect(name());
		if (!random(40)) gateway.disconnect(name());
		if (!random(12)) ask();
		clock.advance(random(1500));
		const { last: mqtt } = FakeMQTT;
		if (mqtt.closed) continue;
		if (client.connected) say(mqtt, step);
		if (!mqtt.written.length && !client.connected) mqtt.accept(random(4) ? 0 : 3);
		else if (!random(15)) mqtt.drop();
		else server.serve(mqtt);
		if (!mqtt.closed) mqtt.writable(random(2000));
	}
	for (let i = 0; i < 400; i++) {
		clock.advance(500);
		const { last: mqtt } = FakeMQTT;
		if (mqtt.closed) continue;
		if (!client.connected) mqtt.accept();
		mqtt.writable(4000);
		server.serve(mqtt);
	}
	for (const [n, result] of results.entries()) ok(result, `reading ${n} of ${results.length} was completed`);
	for (const device of gateway.devices) equal(gateway.device(device)?.bytes, 0, "nothing is held");
	ok(results.includes("done"), "something arrived");
	equal(answered, asked, "every question was answered once");
	equal(gateway.stats.callbackErrors, 0, "what was asserted in completions held");
	equal(server.overLimit, 0, "the limits were kept");
	client.close();
}

describe("TBGateway: at random", () => {
	beforeEach(begin);

	for (const seed of [1, 2, 3, 1033492554, (Math.random() * 2 ** 31) | 0])
		it("loses no reading and no question, exceeds no limit and keeps its books, whatever drops and overflows", () => {
			trace(`seed ${seed}\n`);
			wander(seed);
		});
});
