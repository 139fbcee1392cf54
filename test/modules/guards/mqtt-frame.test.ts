import "../../setup.ts";
import Frame from "guards/mqtt-frame";
import { deepEqual, equal, includes } from "../../assert.ts";

/** Feeds bytes until the head is complete; returns how many it took, or the error's text. */
function feed(frame: Frame, bytes: number[]): number | string {
	for (const [index, byte] of bytes.entries()) {
		try {
			frame.push(byte);
		} catch (error) {
			equal((error as { code?: string }).code, "MQTT_MALFORMED");
			return (error as Error).message;
		}
		if (frame.complete) return index + 1;
	}
	return "incomplete";
}

const heads: [string, number[], number, number][] = [
	// name, bytes, head, body
	["CONNACK", [0x20, 2, 1, 5], 4, 0],
	["PUBLISH QoS 0", [0x30, 4, 0, 1, 116, 33], 4, 2],
	["PUBLISH QoS 1, duplicate and retained", [0x3b, 6, 0, 1, 116, 0, 7, 33], 4, 4],
	["PUBLISH of 268 435 455 bytes", [0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 116], 7, 268_435_453],
	["PUBLISH with an overlong length encoding", [0x30, 0x84, 0x00, 0, 1, 116, 33], 5, 2],
	["PUBLISH without payload", [0x30, 3, 0, 1, 116], 4, 1],
	["PUBACK", [0x40, 2, 0, 1], 2, 2],
	["PUBREC", [0x50, 2, 0, 1], 2, 2],
	["PUBREL", [0x62, 2, 0, 1], 2, 2],
	["PUBCOMP", [0x70, 2, 0, 1], 2, 2],
	["SUBACK", [0x90, 3, 0, 1, 0x80], 2, 3],
	["UNSUBACK", [0xb0, 2, 0, 1], 2, 2],
	["PINGRESP", [0xd0, 0], 2, 0],
];

const broken: [string, number[], string][] = [
	["type 0", [0x00], "packet type: expected one a server sends, got 0"],
	["CONNECT", [0x10], "packet type"],
	["SUBSCRIBE", [0x82], "got 8"],
	["UNSUBSCRIBE", [0xa2], "got 10"],
	["PINGREQ", [0xc0], "got 12"],
	["DISCONNECT", [0xe0], "got 14"],
	["type 15", [0xf0], "got 15"],
	["QoS 3", [0x36], "QoS"],
	["flags of CONNACK", [0x21], "flags of packet type 2: expected 0, got 1"],
	["flags of PUBREL", [0x60], "flags of packet type 6: expected 2, got 0"],
	["a fifth length byte", [0x30, 0x80, 0x80, 0x80, 0x80], "remaining length: expected at most 4 bytes"],
	["an empty CONNACK", [0x20, 0], "remaining length of packet type 2: expected 2, got 0"],
	["a long CONNACK", [0x20, 3], "expected 2, got 3"],
	["a short PUBACK", [0x40, 1], "expected 2, got 1"],
	["a PINGRESP with a body", [0xd0, 1], "expected 0, got 1"],
	["a SUBACK without codes", [0x90, 2], "SUBACK: expected 3…127, got 2"],
	["a SUBACK of 128 bytes", [0x90, 0x80, 1], "got 128"],
	["a PUBLISH without room for a topic", [0x30, 1], "PUBLISH: expected 2 or more, got 1"],
	["an empty topic", [0x30, 3, 0, 0], "topic length: expected 1…1024, got 0"],
	["a topic of 1025 bytes", [0x30, 0xff, 0x7f, 4, 1], "got 1025"],
	["a topic longer than its packet", [0x30, 4, 0, 3], "expected at most 2 in this packet, got 3"],
	["no room for the packet identifier", [0x32, 4, 0, 1], "expected at most 0 in this packet, got 1"],
];

describe("guards/mqtt-frame", () => {
	for (const [name, bytes, head, body] of heads)
		it(`knows where the head of ${name} ends`, () => {
			const frame = new Frame();
			equal(feed(frame, bytes), head);
			deepEqual([frame.length, frame.body], [head, body]);
			deepEqual([...frame.bytes.slice(0, head)], bytes.slice(0, head));
		});

	for (const [name, bytes, text] of broken)
		it(`rejects ${name}`, () => includes(String(feed(new Frame(), bytes)), text));

	it("waits for the rest of a head", () => {
		for (const [, bytes, head] of heads)
			for (let count = 0; count < head; count++)
				equal(feed(new Frame(), bytes.slice(0, count)), "incomplete");
	});

	it("tells code and session-present of CONNACK", () => {
		const frame = new Frame();
		feed(frame, [0x20, 2, 1, 5]);
		deepEqual([frame.sessionPresent, frame.returnCode], [true, 5]);
		frame.reset();
		feed(frame, [0x20, 2, 0, 0]);
		deepEqual([frame.sessionPresent, frame.returnCode], [false, 0]);
	});

	it("tells an empty PUBLISH from one with payload", () => {
		const frame = new Frame();
		const empty = (bytes: number[]) => {
			frame.reset();
			feed(frame, bytes);
			return frame.empty;
		};
		deepEqual(
			[
				[0x30, 3, 0, 1],
				[0x30, 4, 0, 1],
				[0x32, 5, 0, 1],
				[0x32, 6, 0, 1],
				[0xd0, 0],
			].map(empty),
			[true, false, true, false, false],
		);
	});
});
