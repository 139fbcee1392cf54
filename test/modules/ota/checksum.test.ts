import { Digest } from "crypt";
import { createChecksum, digestLength } from "ota/checksum";
import { equal } from "../../assert.ts";

const ascii = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (char) => char.charCodeAt(0));
const inputs = [ascii("hello"), ascii("123456789"), new Uint8Array(1), new Uint8Array(1000)];

// What ThingsBoard (Guava) prints for these inputs.
const vectors: Record<string, string[]> = {
	CRC32: ["86a61036", "2639f4cb", "8def02d2", "80170b06"],
	MURMUR3_32: ["47fa8b24", "82f3feb4", "b7284e51", "10b16bf3"],
	MURMUR3_128: [
		"029bbd41b3a7d8cb191dae486a901e5b",
		"a4cc66db5e64843c05a11e3ac7faf899",
		"b55cff6ee5ab10468335f878aa2d6251",
		"567bc8933cbaf22f95fc9e8a894740a9",
	],
	SHA256: ["2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"],
	SHA384: [
		"59e1748777448c69de6b800d7a33bbfb9ff1b463e44354c3553bcdb9c666fa90125a3c79f90397bdf5f6a13de828684f",
	],
	SHA512: [
		"9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043",
	],
	MD5: ["5d41402abc4b2a76b9719d911017c592"],
};

describe("checksum", () => {
	for (const [algorithm, expected] of Object.entries(vectors))
		it(`computes ${algorithm} in the server's byte order, in any pieces`, () => {
			expected.forEach((text, index) => {
				const input = inputs[index] as Uint8Array<ArrayBuffer>;
				for (const piece of [1, 3, 1000]) {
					const checksum = createChecksum(algorithm, Digest);
					for (let at = 0; at < input.length; at += piece) checksum.write(input.subarray(at, at + piece));
					equal(checksum.digest(), text, `${algorithm} of input ${index} by ${piece}`);
				}
			});
		});

	it("knows the lengths of what it can compute", () => {
		for (const [algorithm, [text = ""]] of Object.entries(vectors))
			equal(digestLength(algorithm), text.length / 2, algorithm);
		equal(digestLength("toString"), 0);
		equal(digestLength(undefined), 0);
	});
});
