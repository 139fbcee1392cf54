// Devices that introduce themselves by a certificate chain (validateOrCreateDeviceX509Certificate, provisionDeviceViaX509Chain).
import { X509Certificate } from "node:crypto";
import type { Core } from "../core.ts";
import { type Credentials, credentialsId } from "../credentials.ts";
import type { DeviceProfile } from "../profiles.ts";
import { stringValue } from "../values.ts";

/** The `provisionDeviceKey` of a profile for certificate chains, from its authority's certificate (PEM, or base64 of DER). */
export const chainKey = (certificate: string): string =>
	credentialsId({ type: "X509_CERTIFICATE", certificate });

/**
 * Looks along a TLS client's chain, DER, leaf first, for a device or for a profile that makes one. What it changes shows when the
 * leaf is looked up afterwards; nothing found is no error here.
 */
export function provisionByChain(core: Core, chain: readonly Uint8Array[]): void {
	for (const der of chain) {
		const key = chainKey(Buffer.from(der).toString("base64"));
		if (core.devices.byCredentialsId(key)) return;
		const profile = core.profiles.byProvisionKey(key);
		if (profile?.provision.strategy === "X509_CERTIFICATE_CHAIN") provision(core, profile, chain[0] ?? der);
		if (profile) return;
	}
}

/** A device of that name and profile gets the new leaf; else it is made, where that is allowed. */
function provision(core: Core, profile: DeviceProfile, leaf: Uint8Array): void {
	const name = nameIn(leaf, profile.provision.certificateRegExPattern);
	if (!name) return;
	const credentials: Credentials = {
		type: "X509_CERTIFICATE",
		certificate: Buffer.from(leaf).toString("base64"),
	};
	const device = core.devices.byName(name);
	if (device?.profile === profile) {
		if (device.credentials.type === "X509_CERTIFICATE") core.devices.setCredentials(device, credentials);
	} else if (!device && profile.provision.allowCreateNewDevicesByX509Certificate) {
		const made = core.devices.create({ name, type: profile.name }, credentials);
		made.saveAttributes("SERVER_SCOPE", new Map([["provisionState", stringValue("provisioned")]]));
	}
}

/** Group 1 of the pattern in the leaf's common name. A pattern that is none finds nothing. */
function nameIn(leaf: Uint8Array, pattern: string): string | undefined {
	const { subject } = new X509Certificate(leaf);
	const [, commonName = ""] = /^CN=(.*)$/m.exec(subject) ?? [];
	try {
		return new RegExp(pattern).exec(commonName)?.[1];
	} catch {
		return undefined;
	}
}
