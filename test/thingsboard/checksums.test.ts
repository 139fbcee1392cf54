import { algorithms, checksum } from "../../thingsboard/checksums.ts";
import { equal } from "../assert.ts";

const hello = Buffer.from("hello");
const digits = Buffer.from("123456789");
const zero = Buffer.alloc(1);
const zeros = Buffer.alloc(1000);

// From the server's own library (Guava); hashes other than MD5 and SHA in little-endian bytes.
const vectors = [
	["CRC32", hello, "86a61036"],
	["CRC32", digits, "2639f4cb"],
	["CRC32", zero, "8def02d2"],
	["CRC32", zeros, "80170b06"],
	["MURMUR3_32", hello, "47fa8b24"],
	["MURMUR3_32", digits, "82f3feb4"],
	["MURMUR3_32", zero, "b7284e51"],
	["MURMUR3_32", zeros, "10b16bf3"],
	["MURMUR3_128", hello, "029bbd41b3a7d8cb191dae486a901e5b"],
	["MURMUR3_128", digits, "a4cc66db5e64843c05a11e3ac7faf899"],
	["MURMUR3_128", zero, "b55cff6ee5ab10468335f878aa2d6251"],
	["MURMUR3_128", zeros, "567bc8933cbaf22f95fc9e8a894740a9"],
	["MD5", hello, "5d41402abc4b2a76b9719d911017c592"],
	["SHA256", hello, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"],
] as const;

describe("thingsboard/checksums", () => {
	for (const [algorithm, bytes, expected] of vectors)
		it(`14.22, trap 35 ${algorithm} of ${bytes.length} bytes is ${expected.slice(0, 8)}…`, () => {
			equal(checksum(algorithm, bytes), expected);
		});

	it("knows the seven algorithms, SHA384 and SHA512 with their full lengths", () => {
		equal(algorithms.length, 7);
		equal(checksum("SHA384", hello).length, 96);
		equal(checksum("SHA512", hello).length, 128);
	});
});
