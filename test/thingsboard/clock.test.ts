import { realClock } from "../../thingsboard/clock.ts";
import { deepEqual } from "../assert.ts";

describe("thingsboard/clock", () => {
	it("does not cut waits short that are longer than a timer of Node", async () => {
		const over: string[] = [];
		const month = realClock.after(31 * 86_400_000, () => over.push("a month"));
		const ever = realClock.after(Number.POSITIVE_INFINITY, () => over.push("for ever"));
		await new Promise<void>((done) => void realClock.after(2, done));
		deepEqual(over, []);
		month();
		ever();
	});
});
