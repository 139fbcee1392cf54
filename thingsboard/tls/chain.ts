// A TLS client's certificates as the server takes them (MqttSslHandlerProvider.checkClientTrusted).
import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";

/** The certificates that the client presented, in DER, leaf first; none when it presented none. */
export function clientChain(socket: TLSSocket): Uint8Array[] {
	const chain: Uint8Array[] = [];
	let one: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
	while (one?.raw && !chain.some((seen) => Buffer.compare(seen, one?.raw ?? seen) === 0)) {
		chain.push(one.raw);
		one = one.issuerCertificate;
	}
	return chain;
}

/** Whether each certificate is signed by the next one: all that the handshake checks. False too for what cannot be read. */
export function chained(chain: Uint8Array[]): boolean {
	try {
		const certificates = chain.map((der) => new X509Certificate(der));
		return certificates.every((one, i) => {
			const issuer = certificates[i + 1];
			return !issuer || one.verify(issuer.publicKey);
		});
	} catch {
		return false; // a certificate of a kind that Node's crypto does not know must not end the server
	}
}

/** Whether a certificate is within its dates at `now`, epoch milliseconds. */
export function valid(der: Uint8Array, now: number): boolean {
	const { validFrom, validTo } = new X509Certificate(der);
	return now >= Date.parse(validFrom) && now <= Date.parse(validTo);
}
