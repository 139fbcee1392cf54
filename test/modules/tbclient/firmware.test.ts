import "../../setup.ts";
import { deepEqual, equal, includes, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";
import { begin, client, connect, log, make } from "./rig.ts";

describe("TBClient: firmware", () => {
	beforeEach(begin);

	it("asks with the size as text, at QoS 0, and only while connected", () => {
		make();
		equal(client.requestFirmware(1, 2, 4096), false);
		const mqtt = connect();
		ok(client.requestFirmware(1, 2, 4096));
		const [request] = mqtt.published;
		deepEqual([request?.topic, request?.text, request?.QoS], ["v2/fw/request/1/chunk/2", "4096", 0]);
	});
	it("hands fragments on at every split, and reads what is left", () => {
		const bytes = new Uint8Array([1, 2, 3, 4, 5, 6]);
		const got: number[] = [];
		const mqtt = connect({
			onFirmware(count, { offset, byteLength, index }) {
				const view = new Uint8Array(2);
				equal(byteLength, 6);
				equal(index, 7);
				const length = this.read(view);
				equal(length, Math.min(count, 2));
				for (let i = 0; i < length; i++) got[offset + i] = view[i] ?? 0;
			},
		});
		for (let i = 1; i < 6; i++) mqtt.deliver("v2/fw/response/3/chunk/7", bytes, i);
		deepEqual(got, [...bytes]);
		equal(mqtt.unread, 0);
		equal(client.read(new Uint8Array(4)), 0);
	});
	it("reports an empty chunk and acknowledges it at QoS 1", () => {
		const chunks: unknown[] = [];
		const mqtt = connect({ onFirmware: (count, chunk) => chunks.push([count, chunk]) });
		mqtt.empty("v2/fw/response/3/chunk/7", 1, 55);
		deepEqual(chunks, [[0, { request: 3, index: 7, offset: 0, byteLength: 0, more: false }]]);
		client.sendTelemetry({});
		deepEqual(
			mqtt.of(FakeMQTT.PUBACK).map(({ id }) => id),
			[55],
		);
	});
	it("reads nothing when the connection ends inside the callback", () => {
		let length = -1;
		const mqtt = connect({
			onFirmware() {
				mqtt.drop();
				length = this.read(new Uint8Array(2));
			},
		});
		mqtt.deliver("v2/fw/response/3/chunk/7", "abc");
		equal(length, 0);
	});
	it("hands the server's reason on", () => {
		connect().deliver("v2/fw/error", "NOT_FOUND");
		deepEqual(log, ["firmware error NOT_FOUND"]);
	});
	it("forgets a chunk whose connection ended between its pieces", () => {
		const chunks: string[] = [];
		const mqtt = connect({
			onFirmware: (count, { index, offset, more }) => chunks.push(`${index}@${offset}+${count} ${more}`),
		});
		const first = { topic: "v2/fw/response/3/chunk/7", byteLength: 6, more: true };
		mqtt.read = () => 2 as never;
		mqtt.options.onReadable?.call(mqtt, 2, first);
		mqtt.drop();
		mqtt.options.onReadable?.call(mqtt, 4, { more: false });
		includes(log.join(), "TB_LOST: connection to server:1883");
		equal(client.read(new Uint8Array(4)), 0);
		clock.advance(500);
		FakeMQTT.last.accept();
		FakeMQTT.last.deliver("v2/fw/response/3/chunk/7", "abcdef", 4);
		deepEqual(chunks, ["7@0+2 true", "7@0+4 true", "7@4+2 false"]);
	});
});
