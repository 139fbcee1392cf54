import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { Authority, loopbackHosts } from "../tls/authority.ts";
import type { TlsOptions } from "../tls/listener.ts";

/** Where the server's identity comes from. */
export interface CertificateFiles {
	/** The person's own, both or none. */
	cert?: string | undefined;
	key?: string | undefined;
	/** Folder of the one that is made otherwise. */
	folder: string;
	/** What the made one must stand for, besides this machine. */
	host: string;
}

/** A certificate with its key, and the file that a client has to trust (not told of a person's own). */
export async function certificate(files: CertificateFiles): Promise<{ tls: TlsOptions; trust?: string }> {
	const { cert, key, folder } = files;
	if (!cert !== !key) throw new Error("--cert and --key belong together: expected both or none");
	if (cert && key) return { tls: usable({ cert: read("--cert", cert), key: read("--key", key) }) };
	const made = {
		ca: join(folder, "ca.pem"),
		cert: join(folder, "server.pem"),
		key: join(folder, "server.key"),
	};
	if (!existsSync(made.ca)) await make(folder, made, files.host);
	return { tls: { cert: read("--tls", made.cert), key: read("--tls", made.key) }, trust: made.ca };
}

/** A development authority signs once and is forgotten: only its certificate stays. */
async function make(
	folder: string,
	files: { ca: string; cert: string; key: string },
	host: string,
): Promise<void> {
	const authority = await Authority.make();
	const hosts = [...new Set([...loopbackHosts, host])];
	const { cert, key } = await authority.issue({ name: "localhost", hosts });
	mkdirSync(folder, { recursive: true });
	writeFileSync(files.key, key, { mode: 0o600 });
	writeFileSync(files.cert, cert);
	writeFileSync(files.ca, authority.cert);
}

/** Throws for what TLS could not work with. */
function usable(tls: TlsOptions): TlsOptions {
	try {
		createSecureContext(tls);
		return tls;
	} catch (error) {
		throw new Error(`--cert and --key: expected a certificate with its key, ${(error as Error).message}`);
	}
}

function read(option: string, file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		throw new Error(`${option}: expected a readable PEM file, ${(error as Error).message}`);
	}
}
