// A device's life in such a world, step by step, and what must be true at its end.
import { SectorLog } from "log/sectors";
import TBClient from "tbclient";
import type { TBError } from "tbclient/errors";
import { Journal } from "tbclient/journal";
import type { DropPolicy } from "tbclient/outbox";
import { longValue } from "../../../thingsboard/values.ts";
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeRegion } from "../../fakes/region.ts";
import { Epoch, World } from "./world.ts";

/** What can happen. Numbers are chance: each step makes of them what it needs. */
export type Step =
	| { do: "telemetry"; size: number; qos0: boolean }
	| {
			do:
				| "attributes"
				| "ask"
				| "call"
				| "push"
				| "delete"
				| "refuse"
				| "deny"
				| "stutter"
				| "reboot"
				| "flood";
	  }
	| { do: "rpc"; kind: number; timeout: number }
	| { do: "wait" | "slow"; ms: number }
	| { do: "flash"; operation: number }
	| { do: "cut"; client: number; server: number };

/** What a world is like. */
export interface Nature {
	seed: number;
	/** Messages wait in flash. */
	journal: boolean;
	/** What gives way in an outbox of 8 messages; undefined: one that is never full. */
	drop: DropPolicy | undefined;
	/** The server's rate limits. */
	limited: boolean;
	/** ms after each boot until the clock is set; negative: never. */
	clockAfter: number;
}

/** What all lives together have met: a property that never meets trouble holds nothing. */
export const met = new Map<
	"lost" | "resent" | "duplicates" | "refused" | "droppedFull" | "delayed" | "undated" | "callbackErrors",
	number
>([
	["lost", 0],
	["resent", 0],
	["duplicates", 0],
	["refused", 0],
	["droppedFull", 0],
	["delayed", 0],
	["undated", 0],
	["callbackErrors", 0],
]);

const Limits = {
	messages: "30:1,400:60",
	telemetryMessages: "10:1,200:60",
	telemetryDataPoints: "40:1,600:60",
};
const Slowest = 2000; // ms; where QoS 0 arrives after 5 s, nobody can keep to a limit of one second
const Quiet = 900; // seconds at most until everything has settled

interface Sent {
	n: number;
	outcome: string | undefined;
	/** Its completion died with a reboot. */
	lost: boolean;
	qos0: boolean;
}

/** Plays steps and checks what came of them. */
export class Life {
	readonly #world: World;
	readonly #nature: Nature;
	readonly #region = new FakeRegion(16);
	#client: TBClient | undefined;
	#journal: Journal | undefined;
	#boots = 0;
	#booted = 0;
	#sent: Sent[] = [];
	/** What the server stored, in its order, repetitions included. */
	#stored: number[] = [];
	#questions: { outcome: string | undefined; lost: boolean }[] = [];
	#calls: { k: number; runs: number; outcome: string | undefined }[] = [];
	#value = 0;
	#told: number | undefined; // of the watched attribute
	#heard = false;

	constructor(nature: Nature) {
		this.#nature = nature;
		this.#world = new World(nature.seed, nature.limited ? { rateLimits: { device: Limits } } : {});
		this.#world.device.watchers.add({
			telemetry: (rows) => {
				for (const { values } of rows) this.#stored.push(Number(values.get("n")?.text));
			},
			attributes: () => undefined,
			deleted: () => undefined,
		});
		this.#boot();
	}

	/** Plays all steps, lets everything settle, and checks. */
	play(steps: readonly Step[]): void {
		for (const step of steps) {
			this.#play(step);
			clock.advance(1);
		}
		this.#settle();
		this.#check();
		for (const name of met.keys()) met.set(name, (met.get(name) ?? 0) + (this.#client?.stats[name] ?? 0));
		this.#client?.close();
		this.#world.close();
	}

	#boot(): void {
		this.#boots += 1;
		this.#booted = clock.now;
		const now = () => {
			const { clockAfter } = this.#nature;
			const known = clockAfter >= 0 && clock.now - this.#booted >= clockAfter;
			return known ? Epoch + clock.now : undefined;
		};
		const journal = new Journal({ log: new SectorLog(this.#region), bootId: this.#boots, clock: now });
		this.#journal = this.#nature.journal ? journal : undefined;
		const { drop } = this.#nature;
		const client = new TBClient({
			...this.#world.network,
			host: "tb",
			token: "token",
			random: this.#world.random,
			clock: now,
			outbox: drop ? { messages: 8, drop } : { messages: 2000, bytes: 1_000_000 },
			...(this.#nature.journal && { backlog: journal }),
			onRPC: () => {
				throw new Error("unknown");
			},
		});
		this.#client = client;
		client.handle("now", (k) => this.#run(k as number) && { done: k });
		client.handle("later", (k, { id }) => {
			this.#run(k as number);
			clock.at(
				this.#world.random() * 4000,
				0,
				() => this.#client === client && client.respond(id, { done: k }),
			);
			return undefined;
		});
		client.watchAttributes(["s"], ({ s }) => {
			this.#heard = true;
			this.#told = s as number | undefined;
		});
	}

	#run(k: number): true {
		const call = this.#calls[k];
		if (call) call.runs += 1;
		return true;
	}

	#play(step: Step): void {
		const client = this.#client as TBClient;
		switch (step.do) {
			case "telemetry":
				this.#telemetry(step.size, step.qos0);
				break;
			case "flood":
				for (let i = 0; i < 30; i++) this.#telemetry(1, false);
				break;
			case "attributes":
				client.sendAttributes({ a: this.#sent.length }, this.#question());
				break;
			case "ask":
				client.requestAttributes({ shared: ["s"], client: ["a"] }, this.#question());
				break;
			case "call":
				client.call("getCurrentTime", {}, this.#question());
				break;
			case "push":
				this.#value += 1;
				this.#world.device.saveAttributes("SHARED_SCOPE", new Map([["s", longValue(this.#value)]]));
				break;
			case "delete":
				this.#world.device.deleteAttributes("SHARED_SCOPE", ["s"]);
				break;
			case "rpc":
				this.#rpc(step.kind, step.timeout);
				break;
			case "wait":
				clock.advance(step.ms);
				break;
			case "slow":
				this.#world.delay = this.#nature.limited ? Math.min(step.ms, Slowest) : step.ms;
				break;
			case "refuse":
				this.#world.refuses = !this.#world.refuses;
				break;
			case "deny":
				this.#world.denies = !this.#world.denies;
				break;
			case "stutter":
				this.#world.stutters = !this.#world.stutters;
				break;
			case "cut":
				this.#world.cut(step.client, step.server);
				break;
			case "flash":
				this.#region.cutAt = this.#region.operations + step.operation;
				break;
			case "reboot":
				if (this.#nature.journal) this.#reboot();
		}
	}

	#telemetry(size: number, qos0: boolean): void {
		const sent: Sent = { n: this.#sent.length, outcome: undefined, lost: false, qos0 };
		this.#sent.push(sent);
		const values = size > 1 ? { n: sent.n, pad: "x".repeat(size) } : { n: sent.n };
		const callback = (error: TBError | null) => {
			equal(sent.outcome, undefined, `message ${sent.n} is completed once`);
			sent.outcome = error?.code ?? "done";
		};
		this.#client?.sendTelemetry(values, { QoS: qos0 ? 0 : 1, callback });
	}

	#question(): (error: TBError | null) => void {
		const question: { outcome: string | undefined; lost: boolean } = { outcome: undefined, lost: false };
		this.#questions.push(question);
		return (error) => {
			equal(question.outcome, undefined, "a question is settled once");
			question.outcome = error?.code ?? "done";
		};
	}

	#rpc(kind: number, timeout: number): void {
		const method = ["now", "later", "other"][kind % 3] as string;
		const k = this.#calls.length;
		const call: { k: number; runs: number; outcome: string | undefined } = { k, runs: 0, outcome: undefined };
		this.#calls.push(call);
		const { device } = this.#world;
		const done = (outcome: { kind: string; text?: string }) => {
			call.outcome = outcome.kind;
			const expected = method === "other" ? '{"error":"unknown"}' : `{"done":${k}}`;
			if (outcome.kind === "reply") equal(outcome.text, expected);
		};
		device.rpc.call({ method, params: String(k), oneway: false, timeout, done }, device.session);
	}

	/** The power is gone: nothing is said, and what was in memory is lost. */
	#reboot(): void {
		this.#world.cut(0, 1000);
		this.#client?.close();
		this.#client = undefined;
		clock.advance(10);
		this.#region.powerOn();
		for (const one of [...this.#sent, ...this.#questions]) one.lost ||= one.outcome === undefined;
		this.#heard = false;
		this.#boot();
	}

	/** A good link, and time. */
	#settle(): void {
		this.#region.cutAt = 0;
		if (this.#nature.journal) this.#reboot();
		Object.assign(this.#world, { refuses: false, denies: false, stutters: false, delay: 100 });
		const open = () =>
			[...this.#sent, ...this.#questions].some(({ outcome, lost }) => outcome === undefined && !lost) ||
			this.#calls.some(({ outcome }) => outcome === undefined) ||
			(this.#journal?.waiting ?? 0) > 0;
		for (let second = 0; second < Quiet && open(); second++) clock.advance(1000);
		clock.advance(90_000);
	}

	#check(): void {
		const client = this.#client as TBClient;
		const all = JSON.stringify(client.stats);
		for (const { n, outcome, lost } of this.#sent)
			ok(outcome !== undefined || lost, `message ${n} settles: ${all}`);
		for (const { outcome, lost } of this.#questions)
			ok(outcome !== undefined || lost, "every question settles");
		this.#checkStored();
		for (const { k, runs } of this.#calls) ok(runs <= this.#boots, `call ${k} runs once, not ${runs} times`);
		ok(client.connected, "connected at the end");
		ok(this.#heard, "told of the watched attribute");
		const now = this.#world.device.attributes.SHARED_SCOPE.get("s")?.value.text;
		equal(
			this.#told === undefined ? undefined : String(this.#told),
			now,
			"the watched attribute is as the server has it",
		);
		const limit = this.#world.ends.filter((line) => /limit/i.test(line));
		if (this.#boots === 1) deepEqual(limit, [], "no connection ends over a limit"); // a restart forgets the levels
		equal(client.stats.malformed, 0);
		ok(clock.armed < 20, `${clock.armed} timers are armed`);
		equal(this.#journal?.waiting ?? 0, 0, "nothing waits");
	}

	/** Whatever was accepted has arrived, in order, and what is told as done has too. */
	#checkStored(): void {
		const stored = new Set(this.#stored);
		for (const { n, outcome, lost, qos0 } of this.#sent) {
			if (qos0) continue;
			if (outcome === "done" || (lost && this.#nature.journal))
				ok(stored.has(n), `message ${n} (${outcome}) is stored`);
			else if (outcome === "TB_OUTBOX_FULL")
				ok(this.#nature.drop || this.#nature.journal, `message ${n} finds room`);
			else if (outcome === "TB_STORE") ok(this.#nature.journal, `message ${n} meets no flash`);
			else if (!lost) equal(outcome, "TB_QUARANTINED", `message ${n}`);
		}
		const first = [...stored].filter((n) => !this.#sent[n]?.qos0);
		deepEqual(
			first,
			[...first].sort((a, b) => a - b),
			"order is kept",
		);
	}
}
