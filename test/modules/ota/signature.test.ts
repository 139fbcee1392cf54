import { Digest } from "crypt";
import verify from "host/signature";
import type { Firmware } from "ota/firmware";
import { type SignatureOptions, signedBy, TrailerSize } from "ota/signature";
import { equal, includes } from "../../assert.ts";

/** Made by OpenSSL alone: a key, and its signature of the bytes 0…199. */
const key =
	"0435a3bd1e8d73b113ddf9878ec3b007d9a66e03472b644ea08dfc717e128a748b1de126b0860af5f67675cd9d736f3afa2a96c41e5e6b85c99091b63a2d823887";
const trailer =
	"544258532d534701c702aad3c2bce923f1b15a2dac8cf29eb825a5258bb39d3d3c2408b89d13f3dc048323b037493ee5470d65d0b4911711a3fcb8c2c1756c217779475f94a9a46afd23b7ee91ab272e";
const other = `04${"11".repeat(64)}`;
const image = Uint8Array.from({ length: 200 }, (_, index) => index);

const bytes = (text: string): Uint8Array<ArrayBuffer> =>
	Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
	const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}

const signed = joined(image, bytes(trailer));

/** What an inspection says of a package that comes in pieces of that length. */
function inspect(
	pack: Uint8Array<ArrayBuffer>,
	keys: string[],
	piece = 64,
	over: Partial<SignatureOptions> = {},
) {
	const firmware = { size: pack.length } as Firmware;
	const inspector = signedBy({ keys, digest: Digest, verify, ...over })(firmware);
	for (let at = 0; at < pack.length; at += piece) inspector.write(pack.slice(at, at + piece));
	return inspector.close();
}

describe("ota: signed packages", () => {
	it("takes what a pinned key has signed, in pieces of any size", () => {
		for (const piece of [1, 16, 79, 80, 81, 200, 281])
			equal(inspect(signed, [key], piece), undefined, `${piece}`);
	});

	it("takes a signature of any of the pinned keys, so that keys can be renewed", () => {
		equal(inspect(signed, [other, key]), undefined);
		equal(inspect(signed, ["not hex", "04", key.slice(0, 20), key.toUpperCase()]), undefined);
	});

	it("refuses what is not signed, and what is too short to be", () => {
		const text = "expected a signed package";
		includes(inspect(image, [key]) ?? "", text);
		includes(inspect(new Uint8Array(TrailerSize - 1), [key]) ?? "", text);
		includes(inspect(new Uint8Array(0), [key]) ?? "", text);
		includes(inspect(signed.slice(0, -1), [key]) ?? "", text);
	});

	it("refuses another key's signature, and everything when no key is pinned", () => {
		includes(inspect(signed, [other]) ?? "", "expected one of 1 pinned keys");
		includes(inspect(signed, []) ?? "", "expected one of 0 pinned keys");
	});

	it("never asks a verifier about a key that is no point of P-256", () => {
		for (const text of [`02${"11".repeat(64)}`, `04${"11".repeat(63)}`, `04${"11".repeat(65)}`]) {
			const digest = new Digest("SHA256");
			digest.write(bytes(text));
			const id = new Uint8Array(digest.close()).slice(0, 8);
			const forged = joined(image, bytes(trailer.slice(0, 16)), id, bytes(trailer.slice(32)));
			const said = inspect(forged, [text], 64, { verify: () => true });
			includes(said ?? "accepted", "expected one of 1 pinned keys", text);
		}
	});

	it("does not look at what comes behind the package", () => {
		const inspector = signedBy({ keys: [key], digest: Digest, verify })({ size: signed.length } as Firmware);
		inspector.write(signed);
		inspector.write(image);
		equal(inspector.close(), undefined);
	});

	it("refuses one changed bit, wherever it is", () => {
		for (let at = 0; at < signed.length; at += 7) {
			const changed = signed.slice();
			changed[at] = (changed[at] as number) ^ 0x10;
			includes(inspect(changed, [key]) ?? "accepted", "signature: expected", `byte ${at}`);
		}
	});

	it("refuses numbers that no signature has, whatever the verifier thinks of them", () => {
		const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
		const good = trailer.slice(32, 96);
		const believing = { verify: () => true };
		for (const [r, s] of [
			["0".repeat(64), good],
			[good, "0".repeat(64)],
			[order, good],
			[good, "f".repeat(64)],
		] as const) {
			const forged = joined(image, bytes(trailer.slice(0, 32) + r + s));
			includes(inspect(forged, [key], 64, believing) ?? "accepted", "does not fit", `${r} ${s}`);
		}
	});
});
