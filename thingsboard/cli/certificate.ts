import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { Authority, loopbackHosts } from "../tls/authority.ts";
import type { TlsOptions } from "../tls/listener.ts";
import { OptionError } from "./options.ts";

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
	const { cert, key, folder, host } = files;
	if (!cert !== !key) throw new OptionError("--cert and --key belong together: expected both or none");
	if (cert && key)
		return { tls: usable("--cert and --key", { cert: read("--cert", cert), key: read("--key", key) }) };
	const made = {
		ca: join(folder, "ca.pem"),
		cert: join(folder, "server.pem"),
		key: join(folder, "server.key"),
	};
	if (!existsSync(made.ca)) await make(folder, made, host);
	const kept = { cert: read("--tls-dir", made.cert), key: read("--tls-dir", made.key) };
	const tls = usable(`--tls-dir ${folder}`, kept);
	if (!standsFor(tls.cert, host))
		throw new Error(
			`--tls-dir ${folder}: expected a certificate for ${host}, it was made for other hosts; name another folder to make a new one`,
		);
	return { tls, trust: made.ca };
}

/** Listening on them means on every address of this machine. */
const everywhere = ["0.0.0.0", "::"];

function standsFor(cert: string, host: string): boolean {
	if (everywhere.includes(host)) return true; // addresses come and go
	const certificate = new X509Certificate(cert);
	return (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined;
}

/** What clients may call a server that listens on `host`. Link-local IPv6 addresses are left out: they name no host alone. */
function hostsOf(host: string): string[] {
	const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
	const own = all.filter(({ scopeid }) => !scopeid).map(({ address }) => address);
	return [...new Set([...loopbackHosts, ...(everywhere.includes(host) ? own : [host])])];
}

/** A development authority signs once and is forgotten: only its certificate stays. */
async function make(
	folder: string,
	files: { ca: string; cert: string; key: string },
	host: string,
): Promise<void> {
	const authority = await Authority.make();
	const { cert, key } = await authority.issue({ name: "localhost", hosts: hostsOf(host) });
	mkdirSync(folder, { recursive: true });
	writeFileSync(files.key, key, { mode: 0o600 });
	writeFileSync(files.cert, cert);
	writeFileSync(files.ca, authority.cert);
}

/** Throws for what TLS could not work with. */
function usable(what: string, tls: TlsOptions): TlsOptions {
	try {
		createSecureContext(tls);
		return tls;
	} catch (error) {
		throw new Error(`${what}: expected a certificate with its key, ${(error as Error).message}`);
	}
}

function read(option: string, file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		throw new Error(`${option}: expected a readable PEM file, ${(error as Error).message}`);
	}
}
