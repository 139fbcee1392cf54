// Certificates for development and tests: an authority of one's own, and what it signs.
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A certificate with its private key, both PEM. */
export interface Identity {
	cert: string;
	key: string;
}

/** What a certificate is to say. */
export interface Subject {
	/** Common name. */
	name: string;
	/** Host names and addresses it stands for. A server's certificate needs them. */
	hosts?: string[];
	/** Validity, epoch milliseconds. Default: a day ago until ten years from now. */
	from?: number;
	until?: number;
}

interface Signed {
	certificate: x509.X509Certificate;
	keys: webcrypto.CryptoKeyPair;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const day = 86_400_000;
const tenYears = 3650 * day;

/** Signs certificates. P-256 and SHA-256: what the chip's TLS and every other one knows. */
export class Authority {
	#own: Signed;
	/** From this authority's up to its root's, PEM: what follows a leaf in a chain. */
	readonly chain: string;

	private constructor(own: Signed, above = "") {
		this.#own = own;
		this.chain = this.cert + above;
	}

	/** A root: its certificate is signed by itself. */
	static async make(name = "thingsboard-xs development CA"): Promise<Authority> {
		const keys = await newKeys();
		return new Authority({ certificate: await sign({ name }, keys, undefined, true), keys });
	}

	/** Its common name. */
	get name(): string {
		return this.#own.certificate.subjectName.getField("CN")[0] ?? "";
	}

	/** Its certificate, PEM: what a client must trust. */
	get cert(): string {
		return pem(this.#own.certificate);
	}

	/** An authority below this one. */
	async intermediate(name: string): Promise<Authority> {
		const keys = await newKeys();
		return new Authority({ certificate: await sign({ name }, keys, this.#own, true), keys }, this.chain);
	}

	/** A server's or client's certificate. Followed by `chain` it leads up to the root. */
	async issue(subject: Subject): Promise<Identity> {
		const keys = await newKeys();
		const certificate = await sign(subject, keys, this.#own, false);
		const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
		return { cert: pem(certificate), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
	}
}

/** The hosts that a server on this machine answers to. */
export const loopbackHosts = ["localhost", "127.0.0.1", "::1"];

const pem = (certificate: x509.X509Certificate): string => `${certificate.toString("pem").trim()}\n`;

const newKeys = async (): Promise<webcrypto.CryptoKeyPair> =>
	(await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;

async function sign(
	{ name, hosts = [], from = Date.now() - day, until = Date.now() + tenYears }: Subject,
	keys: webcrypto.CryptoKeyPair,
	issuer: Signed | undefined,
	authority: boolean,
): Promise<x509.X509Certificate> {
	const subject = new x509.Name([{ CN: [name] }]).toString();
	return x509.X509CertificateGenerator.create({
		subject,
		issuer: issuer?.certificate.subject ?? subject,
		serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString("hex"),
		notBefore: new Date(from),
		notAfter: new Date(until),
		signingAlgorithm: algorithm,
		publicKey: keys.publicKey,
		signingKey: issuer?.keys.privateKey ?? keys.privateKey,
		extensions: authority
			? [...authorityExtensions(), ...(await keyIdentifiers(keys, issuer?.keys ?? keys))]
			: leafExtensions(hosts),
	});
}

/** The SDK's TLS finds an authority by them, and by nothing else. */
const keyIdentifiers = (
	own: webcrypto.CryptoKeyPair,
	issuer: webcrypto.CryptoKeyPair,
): Promise<x509.Extension[]> =>
	Promise.all([
		x509.SubjectKeyIdentifierExtension.create(own.publicKey),
		x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
	]);

function authorityExtensions(): x509.Extension[] {
	const usages = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign;
	return [
		new x509.BasicConstraintsExtension(true, undefined, true),
		new x509.KeyUsagesExtension(usages, true),
	];
}

function leafExtensions(hosts: string[]): x509.Extension[] {
	const both = [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth];
	const names = hosts.map((value) => ({ type: /[:]|^[\d.]+$/.test(value) ? "ip" : "dns", value }) as const);
	return [
		new x509.BasicConstraintsExtension(false, undefined, true),
		new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
		new x509.ExtendedKeyUsageExtension(both),
		...(names.length ? [new x509.SubjectAlternativeNameExtension(names)] : []),
	];
}
