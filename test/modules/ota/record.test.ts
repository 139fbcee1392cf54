// Entries of the store as they come back after a cut, and the proof of what is in flash.
import { Digest } from "crypt";
import { lacksRollback, noteRollback, readQuarantine, readTrial } from "ota/record";
import { Seal, SealedBlock } from "ota/seal";
import { deepEqual, equal } from "../../assert.ts";
import { FakeStore } from "../../fakes/store.ts";

describe("Records of the store", () => {
	for (const text of ["", "{", "7", "null", '{"key":"a"}', '{"error":"b"}', '{"key":1,"error":"b"}'])
		it(`a quarantine of ${text || "nothing"} is none`, () => {
			const store = new FakeStore();
			store.values.set("quarantine", text);
			store.values.set("trial", text);
			equal(readQuarantine(store), undefined);
			equal(readTrial(store), undefined);
		});

	it("that rollback lacks is written when it changes, and only then", () => {
		const store = new FakeStore();
		const changes: string[] = [];
		const set = store.set.bind(store);
		store.set = (name, value) => {
			changes.push(name);
			set(name, value);
		};
		noteRollback(store, false);
		equal(lacksRollback(store), false);
		noteRollback(store, true);
		noteRollback(store, true);
		deepEqual([lacksRollback(store), changes], [true, ["norollback"]]);
		noteRollback(store, false);
		equal(lacksRollback(store), false);
	});
});

describe("Seal", () => {
	const none = "d41d8cd98f00b204e9800998ecf8427e"; // MD5 of nothing

	it("closes a block at its last byte, and every block after it", () => {
		const seal = new Seal(Digest);
		equal(seal.proof, "");
		for (let block = 0; block < 2; block++) {
			equal(seal.write(new Uint8Array(SealedBlock - 1)), false);
			equal(seal.write(new Uint8Array(1)), true);
		}
		const twice = new Seal(Digest);
		for (let piece = 0; piece < 4; piece++) twice.write(new Uint8Array(SealedBlock / 2));
		equal(seal.proof, twice.proof);
	});

	it("is the digest of the block, and nothing before the first", () => {
		const seal = new Seal(Digest);
		seal.write(new Uint8Array(0));
		seal.close();
		equal(seal.proof, none);
	});
});
