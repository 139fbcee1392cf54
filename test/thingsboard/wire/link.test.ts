import { realClock } from "../../../thingsboard/clock.ts";
import { Armed } from "../../../thingsboard/faults/armed.ts";
import { Link } from "../../../thingsboard/mqtt/link.ts";
import { maxWaiting, type Wire } from "../../../thingsboard/mqtt/wire.ts";
import { deepEqual } from "../../assert.ts";

describe("thingsboard: bytes that a fault holds back", () => {
	for (const way of ["in", "out"])
		it(`end the connection when there are more than 64 MB of them on the way ${way}`, () => {
			const told: string[] = [];
			const wire: Wire = {
				write: () => void told.push("written"),
				close: () => void told.push("closed"),
				onBytes: () => undefined,
				onGone: () => undefined,
			};
			const link = new Link(realClock, wire);
			link.faults = new Armed();
			link.faults.set("bandwidth", 1);
			link.onCut = (why) => void told.push(why);
			const send = (bytes: Uint8Array) => (way === "in" ? wire.onBytes(bytes) : link.write(bytes));
			send(new Uint8Array(maxWaiting));
			deepEqual(told, []);
			send(new Uint8Array(1));
			deepEqual(told, ["closed", "more than 67108864 bytes wait"]);
		});
});
