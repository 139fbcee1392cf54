/** TLS of the virtual board by Node's own, held to what the SDK's can do: version 1.2, one authority, DER. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { checkServerIdentity, connect, type TLSSocket } from "node:tls";

/** What a connection trusts, and what it shows. */
export interface Secure {
	/** SNI, and what the certificate must be for: a name or an address. */
	serverName: string;
	verify: boolean;
	/** DER; empty when not given. */
	certificate: Uint8Array;
	/** PKCS#8 DER; empty when not given. */
	clientKey: Uint8Array;
	/** DER, leaf first. */
	clientCertificates: Uint8Array[];
}

const pem = (der: Uint8Array): string => new X509Certificate(der).toString();

/** @throws Error for a certificate or key that is none */
export function connectSecure(address: string, port: number, secure: Secure): TLSSocket {
	const { serverName, verify, certificate, clientKey, clientCertificates } = secure;
	return connect({
		port,
		host: address,
		// A name in an address's place is not allowed in SNI (RFC 6066 section 3); the certificate is checked against it all the same.
		servername: isIP(serverName) ? "" : serverName,
		checkServerIdentity: (_, peer) => checkServerIdentity(serverName, peer),
		minVersion: "TLSv1.2",
		maxVersion: "TLSv1.2",
		rejectUnauthorized: verify,
		...(certificate.length && { ca: pem(certificate) }),
		...(clientKey.length && {
			key: createPrivateKey({ key: Buffer.from(clientKey), format: "der", type: "pkcs8" }).export({
				format: "pem",
				type: "pkcs8",
			}),
			cert: clientCertificates.map(pem).join(""),
		}),
	});
}

/** What TLS has to say of an end; nothing of what the network does. */
export function reasonOf(error: unknown): string | undefined {
	const { code = "", message } = (error ?? {}) as Error & { code?: string };
	return message && !/^E(?!RR_|PROTO)/.test(code) ? message : undefined;
}
