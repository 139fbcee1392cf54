// What a device must be told once, and how it is laid out in NVS. The namespaces are those that main.ts and hosts/esp32 read.
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { StoreValue } from "../../hosts/contract.ts";

/** Layout of the namespace `tb`; a firmware that knows only older ones must not guess. */
export const LayoutVersion = 1;

/** What a person gives. Certificates and keys are the text of PEM files. */
export interface Settings {
	ssid?: string | undefined;
	password?: string | undefined;
	host?: string | undefined;
	port?: string | undefined;
	tls?: boolean | undefined;
	token?: string | undefined;
	clientId?: string | undefined;
	userName?: string | undefined;
	mqttPassword?: string | undefined;
	ca?: string | undefined;
	cert?: string | undefined;
	key?: string | undefined;
}

/** NVS as namespaces of names of values. */
export type Namespaces = Record<string, Record<string, StoreValue>>;

/** A mistake of the person who calls; the message says what was expected. */
export class SettingsError extends Error {}

const MaxSSID = 32; // bytes, IEEE 802.11
const PassphraseLengths = [8, 63]; // characters, WPA2

/** Lays settings out. What was not given is left out. @throws SettingsError */
export function namespacesOf(settings: Settings): Namespaces {
	const wifi = wifiOf(settings);
	const tb = serverOf(settings);
	const tls = certificatesOf(settings);
	const all = { wifi, tb: Object.keys(tb).length ? { version: LayoutVersion, ...tb } : {}, tls };
	return Object.fromEntries(Object.entries(all).filter(([, values]) => Object.keys(values).length));
}

function wifiOf({ ssid, password }: Settings): Record<string, StoreValue> {
	if (ssid === undefined && password !== undefined)
		throw new SettingsError("Wi-Fi password: expected --ssid with it");
	if (ssid === undefined) return {};
	if (!ssid || Buffer.byteLength(ssid) > MaxSSID)
		throw new SettingsError(`Wi-Fi name: expected 1 to ${MaxSSID} bytes, got ${Buffer.byteLength(ssid)}`);
	if (!password) return { ssid };
	const [least = 0, most = 0] = PassphraseLengths;
	if (password.length < least || password.length > most)
		throw new SettingsError(
			`Wi-Fi password: expected ${least} to ${most} characters, got ${password.length}`,
		);
	return { ssid, password };
}

function serverOf(settings: Settings): Record<string, StoreValue> {
	const { host, port, tls, token, clientId, userName, mqttPassword, cert } = settings;
	if (token !== undefined && (clientId ?? userName ?? mqttPassword) !== undefined)
		throw new SettingsError("credentials: expected a token, or client id, user name and password, got both");
	if (cert !== undefined && !tls) throw new SettingsError("client certificate: expected --tls with it");
	if (host !== undefined && !/^[\w.:-]+$/.test(host))
		throw new SettingsError(`host: expected a name or an address alone, got ${host}`);
	const number = port === undefined ? (tls ? 8883 : undefined) : Number(port);
	if (number !== undefined && !(Number.isInteger(number) && number > 0 && number < 65_536))
		throw new SettingsError(`port: expected 1 to 65535, got ${port}`);
	const values = {
		host,
		port: number,
		tls: tls ? 1 : undefined,
		token,
		clientId,
		userName,
		password: mqttPassword,
	};
	return given(values);
}

/** The values that were given. */
function given(values: Record<string, StoreValue | undefined>): Record<string, StoreValue> {
	const found: Record<string, StoreValue> = {};
	for (const [name, value] of Object.entries(values)) if (value !== undefined) found[name] = value;
	return found;
}

/** DER, as the SDK's TLS takes it; the key as PKCS#8. */
function certificatesOf({ ca, cert, key }: Settings): Record<string, StoreValue> {
	if ((cert === undefined) !== (key === undefined))
		throw new SettingsError("client certificate: expected certificate and key together");
	const values: Record<string, StoreValue> = {};
	if (ca !== undefined) values.ca = certificate("CA", ca);
	if (cert === undefined || key === undefined) return values;
	const privateKey = read("private key", () => createPrivateKey(key));
	if (!new X509Certificate(cert).checkPrivateKey(privateKey))
		throw new SettingsError("client certificate: expected the key that belongs to it, got another one");
	values.cert = certificate("client certificate", cert);
	values.key = exact(privateKey.export({ format: "der", type: "pkcs8" }));
	return values;
}

const certificate = (what: string, pem: string): ArrayBuffer =>
	exact(read(what, () => new X509Certificate(pem)).raw);

/** Reading errors of OpenSSL may quote what they read, so they are not passed on. */
function read<T>(what: string, action: () => T): T {
	try {
		return action();
	} catch {
		throw new SettingsError(`${what}: expected a PEM file, could not read it as one`);
	}
}

function exact(bytes: Buffer): ArrayBuffer {
	return new Uint8Array(bytes).buffer;
}
