// What commissioning wrote into the store, as options of a client. Layout: docs/esp32.md; written by tools/commission.
import type { Device, Store, StoreConstructor, TLSOptions } from "host/contract";
import type { Log } from "service/log";
import type { Credentials } from "tbclient/credentials";
import type { ServerOptions } from "tbclient/server";

/** Layout of the namespace `tb` that this firmware knows. */
const Layout = 1;
const Defaults = { host: "127.0.0.1" };
/** Everything a factory reset forgets; `ota` stays, for the boot record must not be without its story. */
const Namespaces = ["tb", "tls", "wifi", "keys", "sys"];

const text = (store: Store, name: string): string | undefined => {
	const value = store.get(name);
	return typeof value === "string" && value ? value : undefined;
};
const number = (store: Store, name: string): number | undefined => {
	const value = store.get(name);
	return typeof value === "number" ? value : undefined;
};
const bytes = (store: Store, name: string): ArrayBuffer | undefined => {
	const value = store.get(name);
	return value instanceof ArrayBuffer ? value : undefined;
};

function open<T>(Store: StoreConstructor, namespace: string, read: (store: Store) => T): T {
	const store = new Store(namespace);
	try {
		return read(store);
	} finally {
		store.close();
	}
}

/** Only what is there: `exactOptionalPropertyTypes` makes absent and undefined two things. */
function present<T extends object>(values: { [K in keyof T]?: T[K] | undefined }): T {
	return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

/** A token excludes the others, and a password needs a user name: what does not fit together must not stop the device. */
function credentials(store: Store): Credentials {
	const [token, clientId, userName] = [
		text(store, "token"),
		text(store, "clientId"),
		text(store, "userName"),
	];
	if (token) return present<Credentials>({ token, clientId });
	return present<Credentials>({ clientId, userName, password: userName && text(store, "password") });
}

/** Certificates as DER; the server is verified even without a CA of its own, against those in the image. */
function secure(store: Store): TLSOptions {
	const [certificate, own, clientKey] = [bytes(store, "ca"), bytes(store, "cert"), bytes(store, "key")];
	return present<TLSOptions>({ certificate, clientKey, clientCertificates: own && [own] });
}

/**
 * Where to connect and as whom. What a newer firmware wrote is told to `log` and read as far as it is understood: the firmware that
 * was rolled back to must come online. What cannot be read, and `tls` on a host that has none, is told to `log` and leads to the
 * defaults, without credentials: nothing goes out in the clear, and the device runs on.
 */
export function serverSettings(
	device: Device,
	Store: StoreConstructor,
	log: Log,
): ServerOptions & Credentials {
	try {
		return readSettings(device, Store, log);
	} catch (error) {
		log.error(`settings: ${error}`);
		return { ...device.network.mqtt, ...Defaults };
	}
}

function readSettings(device: Device, Store: StoreConstructor, log: Log): ServerOptions & Credentials {
	return open(Store, "tb", (tb) => {
		const layout = number(tb, "version") ?? Layout;
		if (layout > Layout) log.error(`settings: expected layout ${Layout}, got ${layout} of a newer firmware`);
		const { mqtt, mqtts } = device.network;
		const tls = number(tb, "tls") === 1;
		if (tls && !mqtts) throw new Error("expected TLS, this host has none");
		return {
			...(tls && mqtts ? mqtts : mqtt),
			host: text(tb, "host") ?? Defaults.host,
			...present<{ port?: number }>({ port: number(tb, "port") }),
			...(tls && { secure: open(Store, "tls", secure) }),
			...credentials(tb),
		};
	});
}

/** Forgets Wi-Fi, server and credentials. The firmware stays what it is. */
export function factoryReset(Store: StoreConstructor): void {
	for (const namespace of Namespaces) open(Store, namespace, (store) => store.clear());
}
