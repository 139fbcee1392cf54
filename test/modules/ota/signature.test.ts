import { Digest } from "crypt";
import verify from "host/signature";
import type { Firmware } from "ota/firmware";
import { type SignatureOptions, signedBy, TrailerSize } from "ota/signature";
import { equal, includes } from "../../assert.ts";

/** Made by OpenSSL alone (docs/packages.md): a key, and its signature of the bytes 0…199 as software "My product" 1.4.0. */
const key =
	"04a37a1b0a5b4ed2377918df19023bcfc15fdfae36babb2e3c26ee8344e0ce60a4cfb8b335fe8bb979a91dd236310028f70e88001e6a0a61e0a8426a7a543e9c0c";
const trailer =
	"544258532d53470267f4bd0f5ca665c576d0cbb20b795318f4b1c0b42e3b1b66603a9800eb1aab389e8831b72a83908abdb68f5e0d28f9046545bfc3e46829aef1d4a5da22eb9c59709530a6cfef3a1e";
const name = { title: "My product", version: "1.4.0" };
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

const of = (pack: Uint8Array, called = name): Firmware => ({
	...{ ...called, size: pack.length, algorithm: "SHA256", checksum: "" },
});

/** What an inspection says of a package that comes in pieces of that length. */
function inspect(
	pack: Uint8Array<ArrayBuffer>,
	keys: string[],
	piece = 64,
	over: Partial<SignatureOptions> = {},
	called = name,
) {
	const inspector = signedBy({ kind: "software", keys, digest: Digest, verify, ...over })(of(pack, called));
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

	it("takes a key by pairs of hex digits alone", () => {
		for (const text of [
			`${key}0`,
			`${key.slice(0, -1)}`,
			`${key.slice(0, -1)}g`,
			` ${key}`,
			key.replace("04", "4g"),
		])
			includes(inspect(signed, [text]) ?? "accepted", "expected one of 1 pinned keys", text);
	});

	it("refuses a package under another title or version, and one of the other kind", () => {
		for (const [called, over] of [
			[{ title: "My product", version: "1.5.0" }, {}],
			[{ title: "Another product", version: "1.4.0" }, {}],
			[{ title: "My product1", version: ".4.0" }, {}],
			[{ title: "", version: "My product1.4.0" }, {}],
			[name, { kind: "firmware" }],
		] as const)
			includes(
				inspect(signed, [key], 64, over, called) ?? "accepted",
				"title and version, got one that does not fit",
			);
	});

	it("refuses trailers of another layout", () => {
		const old = joined(image, bytes(trailer.replace("534702", "534701")));
		includes(inspect(old, [key], 64, { verify: () => true }) ?? "accepted", "expected a signed package");
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
		const inspector = signedBy({ kind: "software", keys: [key], digest: Digest, verify })(of(signed));
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
