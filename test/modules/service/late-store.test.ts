import type { StoreConstructor } from "host/contract";
import { LateStore } from "service/late-store";
import { Log } from "service/log";
import { deepEqual, equal, throws } from "../../assert.ts";
import { FakeStore } from "../../fakes/store.ts";

describe("service: store that is opened late", () => {
	let opened: FakeStore[];
	let full: boolean;
	let log: Log;
	let store: LateStore;

	beforeEach(() => {
		opened = [];
		full = false;
		log = new Log();
		class Opened extends FakeStore {
			constructor(namespace: string) {
				super();
				if (full) throw new Error(`store: open ${namespace}: ESP_ERR_NVS_NOT_ENOUGH_SPACE`);
				opened.push(this);
			}
			override close(): void {
				this.values.set("closed", 1);
			}
		}
		store = new LateStore(Opened as StoreConstructor, "ota", log);
	});

	it("opens the namespace at the first use, once, and again after close", () => {
		equal(opened.length, 0);
		store.set("trial", "x");
		equal(store.get("trial"), "x");
		store.delete("trial");
		store.set("a", 1);
		store.clear();
		deepEqual([opened.length, opened[0]?.values.size], [1, 0]);
		store.close();
		store.close();
		equal(opened[0]?.values.get("closed"), 1);
		equal(store.get("trial"), undefined);
		equal(opened.length, 2);
	});

	it("throws where it cannot be opened, says so once, and tries again at each use", () => {
		full = true;
		for (const use of [
			() => store.get("a"),
			() => store.set("a", 1),
			() => store.delete("a"),
			() => store.clear(),
		])
			throws(use, "ESP_ERR_NVS_NOT_ENOUGH_SPACE");
		deepEqual(
			[log.errors, log.lastError],
			[1, "settings: Error: store: open ota: ESP_ERR_NVS_NOT_ENOUGH_SPACE"],
		);
		full = false;
		store.set("a", 1);
		equal(store.get("a"), 1);
	});
});
