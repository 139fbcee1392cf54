// What private keys look like: PEM, DER, and base64 of DER on one line. Each form is recognised by so many fixed bytes that chance is no
// concern, and none by a text that a TLS library carries to recognise keys itself.

const P256 = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"; // 1.2.840.10045.3.1.7
const P384 = "\x06\x05\x2b\x81\x04\x00\x22"; // 1.3.132.0.34
const EC = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"; // 1.2.840.10045.2.1
const RSA = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"; // 1.2.840.113549.1.1.1, NULL

const RSAKey = new RegExp(`${escaped("\x02\x01\x00\x02")}[${escaped("\x81\x82")}]`, "g");

/** In texts of one character a byte (latin1); DER of PKCS#8 (RFC 5208), of EC keys (RFC 5915) and of RSA keys (RFC 8017). */
const Forms: readonly { what: string; found(text: string): boolean }[] = [
	form("P-256", escaped(`\x02\x01\x00\x30\x13${EC}${P256}`)),
	form("P-256", `${escaped("\x02\x01\x01\x04\x20")}[^]{32}${escaped(`\xa0\x0a${P256}`)}`),
	form("P-384", escaped(`\x02\x01\x00\x30\x10${EC}${P384}`)),
	form("P-384", `${escaped("\x02\x01\x01\x04\x30")}[^]{48}${escaped(`\xa0\x07${P384}`)}`),
	form("RSA", escaped(`\x02\x01\x00${RSA}`)),
	{ what: "RSA", found: hasRsa },
];

/** PEM's first line, and a line of base64 behind it before a C string would end; line ends may be those of a script's text. */
const Pem = new RegExp(`-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[^${escaped("\0")}]{0,200}?[A-Za-z0-9+/]{40}`);
const Base64 = /(?<![A-Za-z0-9+/])M[A-Za-z0-9+/]{63,}/g; // what begins with a DER sequence

/** Which kind of private key the bytes hold, or undefined. */
export function findPrivateKey(bytes: Buffer): string | undefined {
	const text = bytes.toString("latin1");
	if (Pem.test(text)) return "a private key in PEM";
	const der = findDer(text);
	if (der) return `a private key of ${der} in DER`;
	for (const [run] of text.matchAll(Base64)) {
		const hidden = findDer(Buffer.from(run, "base64").toString("latin1"));
		if (hidden) return `a private key of ${hidden} in base64`;
	}
	return undefined;
}

const findDer = (text: string): string | undefined => Forms.find(({ found }) => found(text))?.what;

function form(what: string, pattern: string): (typeof Forms)[number] {
	const expression = new RegExp(pattern);
	return { what, found: (text) => expression.test(text) };
}

function escaped(text: string): string {
	return [...text].map((char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
}

/** PKCS#1: version 0, a long modulus, a short exponent, and a third number. */
function hasRsa(text: string): boolean {
	for (const { index } of text.matchAll(RSAKey)) {
		const modulus = numberAt(text, index + 3);
		const exponent = modulus && numberAt(text, modulus.end);
		if (modulus && exponent && modulus.size >= 64 && exponent.size <= 8 && numberAt(text, exponent.end))
			return true;
	}
	return false;
}

/** The INTEGER there (X.690, 8.3): bytes of its content, and where it ends. */
function numberAt(text: string, at: number): { size: number; end: number } | undefined {
	const byte = (offset: number): number => text.charCodeAt(at + offset);
	if (byte(0) !== 2) return undefined;
	const [first, second, third] = [byte(1), byte(2), byte(3)];
	const long = first === 0x82 ? 2 : first === 0x81 ? 1 : 0;
	const size = long === 2 ? second * 256 + third : long === 1 ? second : first;
	const end = at + 2 + long + size;
	return end <= text.length ? { size, end } : undefined;
}
