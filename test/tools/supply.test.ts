import { type Powered, Supply } from "../../tools/start/supply.ts";
import { deepEqual, equal, includes } from "../assert.ts";

/** A board that dies when told, and time that passes when told. */
class Bench {
	time = 0;
	starts = 0;
	readonly said: string[] = [];
	die: (status: number | string) => void = () => undefined;
	#later: (() => void)[] = [];
	readonly supply: Supply;

	constructor(returns = true) {
		const say = (text: string) => void this.said.push(text);
		const after = (_: number, action: () => void) => void this.#later.push(action);
		this.supply = new Supply({ start: () => this.#start(), say, returns, now: () => this.time, after });
	}

	#start(): Powered {
		this.starts += 1;
		const gone = new Promise<number | string>((done) => {
			this.die = done;
		});
		return { gone, end: async () => this.die(0) };
	}

	/** The process dies; then the wait for power is over. */
	async lose(status: number | string): Promise<void> {
		this.die(status);
		await settled();
		for (const action of this.#later.splice(0)) action();
	}
}

/** Every promise that can resolve has done so. */
const settled = () => new Promise((done) => setImmediate(done));

describe("The supply of a virtual board", () => {
	it("powers the board on again, and says why it was off", async () => {
		const bench = new Bench();
		await bench.lose("SIGKILL");
		await bench.lose(0);
		equal(bench.starts, 3);
		includes(bench.said[0] ?? "", "has lost power (its process ended with SIGKILL)");
		includes(bench.said[1] ?? "", "(its process ended with 0)");
	});

	it("gives up at the eleventh loss within a minute", async () => {
		const bench = new Bench();
		for (let i = 0; i < 11; i++) await bench.lose("SIGKILL");
		includes(await bench.supply.gone, "SIGKILL, for the 11th time within a minute");
		equal(bench.starts, 11);
	});

	it("bears as many as there are when they are further apart", async () => {
		const bench = new Bench();
		for (let i = 0; i < 30; i++) {
			bench.time += 7000;
			await bench.lose("SIGKILL");
		}
		equal(bench.starts, 31);
	});

	it("takes an error of the process for the end", async () => {
		const bench = new Bench();
		await bench.lose(1);
		equal(await bench.supply.gone, "the board's process ended with 1");
		equal(bench.starts, 1);
	});

	it("ends with the first loss where power does not return", async () => {
		const bench = new Bench(false);
		await bench.lose("SIGKILL");
		equal(await bench.supply.gone, "the board's process ended with SIGKILL");
		deepEqual(bench.said, []);
	});

	it("stays off once it was ended, also while it waits for power", async () => {
		const bench = new Bench();
		await bench.supply.end();
		await bench.lose(0);
		const waiting = new Bench();
		waiting.die("SIGKILL");
		await settled();
		await waiting.supply.end();
		await waiting.lose(0);
		deepEqual([bench.starts, waiting.starts], [1, 1]);
	});
});
