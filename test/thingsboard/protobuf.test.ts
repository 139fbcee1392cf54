import { bytesField, integerField, Message, ProtobufError } from "../../thingsboard/protobuf.ts";
import { deepEqual, equal, ok, throws } from "../assert.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

describe("thingsboard protobuf", () => {
	it("reads the examples of the encoding guide", () => {
		equal(new Message(hex("08 96 01")).integer(1), 150n);
		equal(new Message(hex("12 07 74657374696e67")).text(2), "testing");
		equal(new Message(hex("1a 03 08 96 01")).message(3).integer(1), 150n);
	});

	it("takes the last of repeated fields, all of repeated messages, and defaults for what is missing", () => {
		const message = new Message(hex("08 01 08 02 12 02 08 05 12 02 08 06"));
		equal(message.integer(1), 2n);
		deepEqual(
			message.messages(2).map((inner) => Number(inner.integer(1))),
			[5, 6],
		);
		deepEqual([message.text(9), Number(message.integer(9)), message.messages(9).length], ["", 0, 0]);
	});

	it("skips groups and fixed fields", () => {
		equal(new Message(hex("0b 10 01 0c 08 07 15 00000000 19 0000000000000000")).integer(1), 7n);
	});

	it("writes what it reads, and leaves out zero and empty", () => {
		const bytes = Buffer.concat([
			integerField(1, 150),
			bytesField(2, "é"),
			integerField(3, 0),
			bytesField(4, ""),
		]);
		deepEqual([...bytes], [...hex("08 96 01 12 02 c3 a9")]);
	});

	for (const [what, bytes] of [
		["a field 0", "00 00"],
		["wire type 6", "0e"],
		["wire type 7", "0f"],
		["a length beyond the end", "12 05 61"],
		["a number of 11 bytes", `08 ${"ff".repeat(10)} 01`],
		["a group without an end", "0b 08 01"],
		["the end of no group", "0c"],
		["the end of another group", "0b 14"],
		["groups 101 deep", "0b ".repeat(101)],
	] as const)
		it(`refuses ${what}`, () => {
			ok(throws(() => new Message(hex(bytes))) instanceof ProtobufError);
		});

	it("refuses malformed UTF-8 in a string", () => {
		throws(() => new Message(hex("12 01 ff")).text(2), "UTF-8");
	});
});
