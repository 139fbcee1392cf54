import { Digest } from "crypt";
import { createChecksum, digestLength } from "ota/checksum";
import { equal } from "../../assert.ts";

const ascii = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (char) => char.charCodeAt(0));
const two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"; // FIPS 180: its padding needs a second block
const long = Uint8Array.from({ length: 1031 }, (_, index) => (7 * index + 3) & 0xff); // blocks of 64 and 128 bytes, and a rest
const inputs = [
	...[ascii("hello"), ascii("123456789"), new Uint8Array(1), new Uint8Array(1000)],
	...[new Uint8Array(0), ascii(two), long],
];

// What ThingsBoard (Guava) prints for the first four inputs; the digests of the others are those of OpenSSL, of FIPS 180 and RFC 1321.
const vectors: Record<string, string[]> = {
	CRC32: ["86a61036", "2639f4cb", "8def02d2", "80170b06", "00000000"],
	MURMUR3_32: ["47fa8b24", "82f3feb4", "b7284e51", "10b16bf3", "00000000"],
	MURMUR3_128: [
		"029bbd41b3a7d8cb191dae486a901e5b",
		"a4cc66db5e64843c05a11e3ac7faf899",
		"b55cff6ee5ab10468335f878aa2d6251",
		"567bc8933cbaf22f95fc9e8a894740a9",
		"00000000000000000000000000000000",
	],
	MD5: [
		"5d41402abc4b2a76b9719d911017c592",
		"25f9e794323b453885f5181f1b624d0b",
		"93b885adfe0da089cdf634904fd59f71",
		"ede3d3b685b4e137ba4cb2521329a75e",
		"d41d8cd98f00b204e9800998ecf8427e",
		"8215ef0796a20bcaaae116d3876c664a",
		"0bef652f98bed1dd7a543d85885c836b",
	],
	SHA256: [
		"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
		"15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
		"2f2d3f6844f01a8bd1755d8ba07a92b4566bfdb022a8b2145c0addf2732dc3de",
	],
	SHA384: [
		"59e1748777448c69de6b800d7a33bbfb9ff1b463e44354c3553bcdb9c666fa90125a3c79f90397bdf5f6a13de828684f",
		"eb455d56d2c1a69de64e832011f3393d45f3fa31d6842f21af92d2fe469c499da5e3179847334a18479c8d1dedea1be3",
		"bec021b4f368e3069134e012c2b4307083d3a9bdd206e24e5f0d86e13d6636655933ec2b413465966817a9c208a11717",
		"aae017d4ae5b6346dd60a19d52130fb55194b6327dd40b89c11efc8222292de81e1a23c9b59f9f58b7f6ad463fa108ca",
		"38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
		"3391fdddfc8dc7393707a65b1b4709397cf8b1d162af05abfe8f450de5f36bc6b0455a8520bc4e6f5fe95b1fe3c8452b",
		"4c2815444fb819ff987df05b8a18a5fc3df69ad8e8a9af2ac3bffcc8ff8d8221b23546cd748e2fbbae824728d257a6cb",
	],
	SHA512: [
		"9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043",
		"d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85",
		"b8244d028981d693af7b456af8efa4cad63d282e19ff14942c246e50d9351d22704a802a71c3580b6370de4ceb293c324a8423342557d4e5c38438f0e36910ee",
		"ca3dff61bb23477aa6087b27508264a6f9126ee3a004f53cb8db942ed345f2f2d229b4b59c859220a1cf1913f34248e3803bab650e849a3d9a709edc09ae4a76",
		"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
		"204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c33596fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec631238ca3445",
		"c9857fde82b0af2dc2c34815701677ad2ba4fc6b028d0431e07364562178abbe9995a2a473986602ebbdb3424c404db4c82207748814b3c1e5c4fe481f1665e8",
	],
};

describe("checksum", () => {
	for (const [algorithm, expected] of Object.entries(vectors))
		it(`computes ${algorithm} in the server's byte order, in any pieces`, () => {
			expected.forEach((text, index) => {
				const input = inputs[index] as Uint8Array<ArrayBuffer>;
				for (const piece of [1, 3, 64, 1000, 2048]) {
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
