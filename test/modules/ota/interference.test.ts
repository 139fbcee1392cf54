// What comes in the middle of something else: another offer, a lost connection, a callback that closes.
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { imageOf, packageOf, Rig } from "./rig.ts";

/** A download of 20 000 bytes, one chunk of which has come. */
function downloading(rig = new Rig(20_000)) {
	const updater = rig.updater();
	updater.connected();
	updater.offer(packageOf(rig.server.image));
	rig.first(updater);
	return { rig, updater };
}

describe("Updater, interrupted", () => {
	it("ends a download when a package with a malformed checksum is offered, and asks for nothing more", () => {
		const { rig, updater } = downloading();
		const asked = rig.server.asked.length;
		updater.offer({ ...packageOf(imageOf(50), "v3"), fw_checksum: "xyz" });
		equal(updater.state, "FAILED");
		equal(rig.errors[0], 'OTA_CHECKSUM: fw_checksum: expected 64 hex digits for SHA256, got "xyz"');
		clock.advance(60_000);
		deepEqual([rig.server.asked.length, updater.progress.size, rig.errors.length], [asked, 0, 1]);
	});

	it("says how far it had come when the running version is assigned", () => {
		const { rig, updater } = downloading();
		updater.offer({ fw_title: "app", fw_version: "v1" });
		equal(rig.errors[0], "OTA_WITHDRAWN: package taken back at 4096 of 20000 bytes");
	});

	it("continues in the middle of a chunk when the server was gone there, also in other fragments", () => {
		const { rig, updater } = downloading();
		rig.server.fragments = 2;
		rig.server.answer(updater);
		equal(updater.progress.written, 4096 + 2000);
		updater.disconnected();
		rig.server.pending.length = 0;
		rig.server.fragments = 10;
		rig.server.fragment = 1500;
		updater.connected();
		const last = rig.server.asked.at(-1);
		equal((last?.index ?? 0) * (last?.size ?? 0), 6080, "of all chunk sizes the one that brings least again");
		rig.serve(updater);
		equal(updater.state, "UPDATING");
		ok(rig.server.image.every((byte, index) => rig.stored[index] === byte));
	});

	it("asks again for what the source announced and did not give", () => {
		const { rig, updater } = downloading();
		const read = rig.server.read;
		rig.server.read = () => undefined as unknown as number;
		rig.server.answer(updater);
		equal(updater.progress.written, 4096);
		rig.server.read = read;
		rig.server.pending.length = 0;
		rig.serve(updater);
		equal(updater.state, "UPDATING");
	});

	it("waits for the rest of half an announcement", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.offer({ fw_title: "app" });
		updater.offer({ fw_version: "v2" });
		equal(updater.state, "IDLE");
		updater.offer(packageOf(rig.server.image));
		equal(updater.state, "DOWNLOADING");
	});

	it("stops waiting for the running image when the package is taken back", () => {
		const rig = new Rig();
		rig.slots.states[0] = "PENDING_VERIFY";
		const updater = rig.updater();
		updater.offer(packageOf(rig.server.image));
		clock.advance(3_500);
		equal(clock.armed, 1);
		updater.withdraw(["fw_title"]);
		deepEqual([updater.state, clock.armed, rig.errors.length], ["IDLE", 0, 0]);
	});

	it("does not go on with the old package when its acknowledgement comes while the next one waits", () => {
		const rig = new Rig();
		const late: ((error: null) => void)[] = [];
		const updater = rig.updater({ report: (_, callback) => void (callback && late.push(callback)) });
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		while (rig.server.answer(updater));
		equal(updater.state, "DOWNLOADED");
		rig.slots.states[0] = "PENDING_VERIFY";
		updater.offer(packageOf(imageOf(500), "v3"));
		late.at(-1)?.(null);
		clock.advance(60_000);
		deepEqual([updater.state, rig.ready, rig.slots.boot], ["DOWNLOADED", 0, 0]);
	});

	it("repeats no report after close", () => {
		const rig = new Rig();
		rig.outcome = new Error("dropped");
		const updater = rig.updater();
		updater.offer({ ...packageOf(rig.server.image), fw_size: 0 });
		equal(clock.armed, 1);
		updater.close();
		equal(clock.armed, 0);
	});

	it("is not disturbed by a retry under way, nor by a late word about an older state", () => {
		const rig = new Rig(20_000);
		const late: ((error: Error) => void)[] = [];
		const updater = rig.updater({ report: (_, callback) => void (callback && late.push(callback)) });
		updater.connected();
		updater.offer({ ...packageOf(rig.server.image), fw_size: 0 });
		updater.offer(packageOf(rig.server.image));
		updater.retry();
		updater.offer({ ota_retry: 7 });
		equal(late.length, 2);
		late[0]?.(new Error("dropped"));
		clock.advance(40_000);
		equal(late.length, 2);
		equal(rig.states.join(" "), "FAILED DOWNLOADING");
		updater.close();
		updater.retry();
		equal(clock.armed, 0);
	});

	it("gives every package its own reconnects", () => {
		const rig = new Rig();
		const updater = rig.updater();
		for (const version of ["v2", "v3"])
			for (let download = 0; download < 6; download++) {
				updater.connected();
				updater.offer(packageOf(rig.server.image, version));
				const begins = updater.state === "DOWNLOADING";
				equal(begins, download < 4, `${version} ${download}`);
				clock.advance(600_000);
				equal(updater.state, "FAILED");
				updater.disconnected();
			}
	});

	it("outlasts a keep-alive of 30 s in silence, so that the client finds the dead connection first", () => {
		const { rig, updater } = downloading();
		clock.advance(45_000);
		equal(updater.state, "DOWNLOADING");
		updater.disconnected();
		rig.server.pending.length = 0;
		updater.connected();
		rig.serve(updater);
		equal(updater.state, "UPDATING");
		equal(rig.states.filter((state) => state === "DOWNLOADING").length, 1);
	});

	it("ends when the connection is lost 5 times without one byte", () => {
		const { rig, updater } = downloading();
		for (let loss = 0; loss < 5; loss++) {
			equal(updater.state, "DOWNLOADING");
			updater.disconnected();
			updater.connected();
		}
		equal(updater.state, "DOWNLOADING");
		updater.disconnected();
		equal(rig.errors[0], "OTA_DELIVERY: byte 4096: expected bytes, got a lost connection, 5 times");
		equal(clock.armed, 0);
	});

	it("obeys an ota_retry of any length once", () => {
		const rig = new Rig();
		const wrong = {
			...packageOf(rig.server.image),
			fw_checksum: "0".repeat(64),
			ota_retry: "x".repeat(3000),
		};
		for (let boot = 0; boot < 3; boot++) {
			const updater = rig.updater();
			updater.connected();
			updater.offer(wrong);
			rig.serve(updater);
			rig.serve(updater);
			equal(updater.state, "FAILED");
			updater.close();
		}
		equal(rig.server.asked.length, 8);
	});

	it("does not obey an ota_retry that it cannot remember", () => {
		const rig = new Rig();
		const updater = rig.updater();
		rig.store.failAt = rig.store.count + 1;
		updater.offer({ ...packageOf(rig.server.image), fw_size: 0, ota_retry: 1 });
		equal(rig.errors.length, 1);
		equal(rig.store.values.size, 0);
	});

	it("lifts the quarantine when another package is wanted", () => {
		const rig = new Rig();
		const wrong = { ...packageOf(rig.server.image), fw_checksum: "0".repeat(64) };
		const updater = rig.updater();
		updater.connected();
		updater.offer(wrong);
		rig.serve(updater);
		rig.serve(updater);
		ok(rig.store.values.has("quarantine"));
		updater.offer(packageOf(rig.server.image, "v3"));
		equal(rig.store.values.has("quarantine"), false);
		updater.offer(wrong);
		equal(updater.state, "DOWNLOADING");
	});

	it("does not report a quarantined package again after a loss of the connection", () => {
		const rig = new Rig();
		const updater = rig.updater();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		clock.advance(600_000);
		const error = "OTA_CHECKSUM: image: expected a, got b";
		rig.store.values.set("quarantine", JSON.stringify({ key: keyText(rig), error }));
		updater.disconnected();
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		equal(rig.errors.at(-1), error);
		updater.disconnected();
		updater.offer(packageOf(rig.server.image));
		equal(rig.errors.length, 2);
	});

	it("says that the slot cannot be read, not that it holds 0 bytes", () => {
		const rig = new Rig();
		Object.defineProperty(rig.slots, "next", {
			get: () => {
				throw Object.assign(new Error("x"), { codeName: "ESP_ERR_NOT_FOUND" });
			},
		});
		rig.updater().offer(packageOf(rig.server.image));
		equal(rig.errors[0], "OTA_FLASH: look at the slot: ESP_ERR_NOT_FOUND");
	});

	it("tells UPDATING with all bytes, and is ready after that", () => {
		const rig = new Rig();
		const order: string[] = [];
		const updater = rig.updater({
			onState: (state, { written }) => order.push(`${state} ${written}`),
			onReady: () => order.push("ready"),
		});
		updater.connected();
		updater.offer(packageOf(rig.server.image));
		rig.serve(updater);
		deepEqual(order.slice(-2), ["UPDATING 10000", "ready"]);
	});

	for (const at of [
		"DOWNLOADING 0",
		"DOWNLOADING 65536",
		"DOWNLOADING 131072",
		"DOWNLOADED 131072",
		"VERIFIED 131072",
	])
		for (const act of ["close", "withdraw"] as const)
			it(`obeys ${act} inside onState at ${at}`, () => {
				const rig = new Rig(131_072);
				let count = -1;
				const updater = rig.updater({
					onState: (state, { written }) => {
						if (count >= 0) count++;
						else if (`${state} ${written}` === at) {
							count = 0;
							act === "close" ? updater.close() : updater.withdraw(["fw_title"]);
						}
					},
				});
				updater.connected();
				updater.offer(packageOf(rig.server.image));
				rig.serve(updater);
				clock.advance(60_000);
				deepEqual([count, clock.armed, rig.slots.boot, rig.ready], [act === "close" ? 0 : 1, 0, 0, 0]);
			});
});

const keyText = (rig: Rig): string => JSON.stringify(["app", "v2", packageOf(rig.server.image).fw_checksum]);
