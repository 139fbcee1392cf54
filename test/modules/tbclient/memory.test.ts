import "../../setup.ts";
import { Memory } from "tbclient/memory";
import { bodyOf, makeMessage } from "tbclient/message";
import { deepEqual, equal } from "../../assert.ts";

const note = () => {};
const names = (memory: Memory, which: "oldest" | "newest") => {
	const all: unknown[] = [];
	for (let one = memory.evict(which); one; one = memory.evict(which))
		all.push(one.text, one.callback === note);
	return all;
};

describe("TBClient: messages that wait in memory", () => {
	const fill = () => {
		const memory = new Memory("telemetry");
		for (const [text, callback] of [
			["a", undefined],
			["b", note],
			["c", undefined],
			["d", note],
			["e", undefined],
		] as const)
			memory.add(makeMessage("telemetry", bodyOf(text), { callback }));
		return memory;
	};

	it("come out from either end, each with its own callback", () => {
		deepEqual(names(fill(), "oldest"), ["a", false, "b", true, "c", false, "d", true, "e", false]);
		deepEqual(names(fill(), "newest"), ["e", false, "d", true, "c", false, "b", true, "a", false]);
	});
	it("are counted, and their bytes", () => {
		const memory = fill();
		deepEqual([memory.length, memory.bytes], [5, 5]);
		memory.evict("newest");
		memory.take();
		deepEqual([memory.length, memory.bytes], [3, 3]);
		while (memory.take());
		deepEqual([memory.length, memory.bytes], [0, 0]);
		equal(memory.evict("newest"), undefined);
	});
});
