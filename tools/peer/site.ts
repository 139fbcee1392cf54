// A server under test: names of our own, things that are deleted again, and questions that are asked until they are answered. Only
// what any ThingsBoard shows to its tenant administrator is used.
import { randomBytes } from "node:crypto";
import { type Broker, RawDevice } from "./device.ts";
import { type Body, idOf, RestClient, reference } from "./rest.ts";

/** Beginning of every name we make: what a killed run leaves behind is found by it. */
export const prefix = "xs-e2e";

/** A device that exists for one spec. */
export interface SiteDevice {
	id: string;
	name: string;
	token: string;
}

export type Scope = "CLIENT_SCOPE" | "SHARED_SCOPE" | "SERVER_SCOPE";

/** Longest wait for anything that should come, milliseconds. */
const defaultPatience = 15_000;
/** Between two questions, milliseconds: a real server stores what it has acknowledged a moment later. */
const pause = 50;

export interface SiteOptions {
	patience?: number;
	end?: () => Promise<unknown>;
	/** Where a stand-in of ours listens for TLS. */
	tlsPort?: number | undefined;
}

/** A server, logged in as its tenant administrator. */
export class Site {
	readonly rest: RestClient;
	readonly mqtt: Broker;
	/** Longest wait for anything that should come, milliseconds. */
	readonly patience: number;
	/** Where a stand-in of ours listens for TLS, if it was asked to. */
	readonly tlsPort: number | undefined;
	#run = `${prefix}-${randomBytes(4).toString("hex")}`;
	#undo: (() => Promise<unknown>)[] = [];
	#end: () => Promise<unknown>;

	/** `end` is done last of all by `close`. */
	constructor(
		rest: RestClient,
		mqtt: Broker,
		{ patience = defaultPatience, end = async () => undefined, tlsPort }: SiteOptions = {},
	) {
		this.rest = rest;
		this.mqtt = mqtt;
		this.patience = patience;
		this.#end = end;
		this.tlsPort = tlsPort;
	}

	/** A name that nobody else has. */
	name(what: string): string {
		return `${this.#run}-${what}`;
	}

	/** Lets `close` do this too, last come first served. */
	later(undo: () => Promise<unknown>): void {
		this.#undo.push(undo);
	}

	/** Lets `close` do this too, after all that was asked by `later`: what devices refer to. */
	finally(undo: () => Promise<unknown>): void {
		this.#undo.unshift(undo);
	}

	/** Lets `close` delete the device of that name, whoever makes it. */
	forget(name: string): void {
		this.later(async () => {
			const { status, body } = await this.rest.send(
				"GET",
				`/api/tenant/devices?deviceName=${encodeURIComponent(name)}`,
			);
			if (status === 200) await this.rest.send("DELETE", `/api/device/${idOf(body as Body)}`);
		});
	}

	/** Creates a device with an access token of its own; `over` are further members of the body. Deleted by `close`. */
	async device(what: string, over: Body = {}): Promise<SiteDevice> {
		const name = this.name(what);
		const token = randomBytes(10).toString("hex");
		const id = idOf(await this.rest.ask("POST", `/api/device?accessToken=${token}`, { name, ...over }));
		this.later(() => this.rest.send("DELETE", `/api/device/${id}`));
		return { id, name, token };
	}

	/** Creates an MQTT device profile from `profileData` members (see `ThingsBoard`'s DeviceProfile); deleted by `close`. */
	async profile(what: string, over: Body = {}, transport: Body = {}): Promise<Body> {
		const made = await this.rest.ask("POST", "/api/deviceProfile", {
			name: this.name(what),
			type: "DEFAULT",
			transportType: "MQTT",
			provisionType: "DISABLED",
			profileData: {
				configuration: { type: "DEFAULT" },
				transportConfiguration: { type: "MQTT", ...transport },
				provisionConfiguration: { type: "DISABLED", provisionDeviceSecret: null },
				alarms: null,
			},
			...over,
		});
		this.later(() => this.rest.send("DELETE", `/api/deviceProfile/${idOf(made)}`));
		return made;
	}

	/** Creates a customer and a user of it, who is logged in; deleted by `close`. */
	async customer(what: string): Promise<{ id: string; rest: RestClient }> {
		const customer = await this.rest.ask("POST", "/api/customer", { title: this.name(what) });
		this.later(() => this.rest.send("DELETE", `/api/customer/${idOf(customer)}`));
		const user = await this.rest.ask("POST", "/api/user?sendActivationMail=false", {
			authority: "CUSTOMER_USER",
			email: `${this.name(what)}@example.com`.toLowerCase(),
			customerId: customer.id,
		});
		const link = await this.rest.send("GET", `/api/user/${idOf(user)}/activationLink`);
		const activateToken = /activateToken=([^&\s"]+)/.exec(link.text)?.[1];
		const rest = new RestClient(this.rest.url);
		const password = randomBytes(10).toString("hex");
		const path = "/api/noauth/activate?sendActivationMail=false";
		rest.use(await rest.ask("POST", path, { activateToken, password }));
		return { id: idOf(customer), rest };
	}

	/** Creates a package, uploads its bytes and gives its id; deleted by `close`, after the devices that point at it. */
	async package(version: string, bytes: Uint8Array<ArrayBuffer>, over: Body = {}): Promise<string> {
		const { id: deviceProfileId } = await this.rest.ask("GET", "/api/deviceProfileInfo/default");
		const info = { title: this.name("app"), version, type: "FIRMWARE", deviceProfileId, ...over };
		const id = idOf(await this.rest.ask("POST", "/api/otaPackage", info));
		this.finally(() => this.rest.send("DELETE", `/api/otaPackage/${id}`));
		const form = new FormData();
		form.append("file", new Blob([bytes]), "app.bin");
		await this.rest.ask("POST", `/api/otaPackage/${id}?checksumAlgorithm=SHA256`, form);
		return id;
	}

	/** Makes a package the device's firmware (or software); null takes it away. */
	async assign(device: string, packageId: string | null, member = "firmwareId"): Promise<void> {
		const body = await this.rest.ask("GET", `/api/device/${device}`);
		const target = packageId && reference("OTA_PACKAGE", packageId);
		await this.rest.ask("POST", "/api/device", { ...body, [member]: target });
	}

	/** A raw device, connected with that token. Ended by `close`. */
	async online(token: string, over: object = {}): Promise<RawDevice> {
		const device = await RawDevice.online(this.mqtt, token, over, this.patience);
		this.later(() => device.end());
		return device;
	}

	/** Attributes of one scope, as an object. */
	async attributes(device: string, scope: Scope): Promise<Body> {
		const path = `/api/plugins/telemetry/DEVICE/${device}/values/attributes/${scope}`;
		const list = (await this.rest.ask("GET", path)) as unknown as { key: string; value: unknown }[];
		return Object.fromEntries(list.map(({ key, value }) => [key, value]));
	}

	async setAttributes(device: string, scope: Scope, values: Body): Promise<void> {
		await this.rest.ask("POST", `/api/plugins/telemetry/DEVICE/${device}/attributes/${scope}`, values);
	}

	async deleteAttributes(device: string, scope: Scope, ...keys: string[]): Promise<void> {
		const list = keys.map(encodeURIComponent).join(",");
		await this.rest.ask("DELETE", `/api/plugins/telemetry/DEVICE/${device}/${scope}?keys=${list}`);
	}

	/** The latest values with their types: `{key: {ts, value}}`; keys without a value are left out. */
	async latest(device: string, ...keys: string[]): Promise<Record<string, { ts: number; value: unknown }>> {
		const query = `keys=${keys.map(encodeURIComponent).join(",")}&useStrictDataTypes=true`;
		const path = `/api/plugins/telemetry/DEVICE/${device}/values/timeseries?${query}`;
		const all = (await this.rest.ask("GET", path)) as Record<string, { ts: number; value: unknown }[]>;
		const found = Object.entries(all).flatMap(([key, [point]]) =>
			point && point.value !== null ? [[key, point] as const] : [],
		);
		return Object.fromEntries(found);
	}

	/** All values of `key`, oldest first, typed. */
	async series(device: string, key: string, from = 0): Promise<{ ts: number; value: unknown }[]> {
		const range = `startTs=${from}&endTs=${Date.now() + 86_400_000}&limit=1000&orderBy=ASC`;
		const path = `/api/plugins/telemetry/DEVICE/${device}/values/timeseries?keys=${key}&${range}&useStrictDataTypes=true`;
		const all = (await this.rest.ask("GET", path)) as Record<string, { ts: number; value: unknown }[]>;
		return all[key] ?? [];
	}

	/** Two-way RPC: the device's answer. */
	rpc(device: string, method: string, params: unknown = {}, over: Body = {}): Promise<Body> {
		return this.rest.ask("POST", `/api/rpc/twoway/${device}`, { method, params, ...over });
	}

	/** Undoes everything, newest first. @throws Error when something could not be undone. */
	async close(): Promise<void> {
		const problems: unknown[] = [];
		for (const undo of this.#undo.splice(0).reverse())
			await undo().catch((error: unknown) => problems.push(error));
		await this.#end();
		if (problems.length) throw new AggregateError(problems, "cleaning up: expected success");
	}
}

/** Asks until `read` gives something other than undefined or false. @throws Error with what was expected and the last error. */
export async function eventually<T>(
	what: string,
	read: () => Promise<T | undefined | false>,
	patience = defaultPatience,
): Promise<T> {
	const end = Date.now() + patience;
	for (;;) {
		const seen = await read();
		if (seen !== undefined && seen !== false) return seen;
		if (Date.now() >= end) throw new Error(`${what}: not seen within ${patience} ms`);
		await new Promise((done) => setTimeout(done, pause));
	}
}

/** `host`, `host:port` or `mqtt://host:port`; `mqtts://` means TLS and port 8883. */
export function broker(text: string): Broker {
	const url = new URL(text.includes("://") ? text : `mqtt://${text}`);
	const secure = url.protocol === "mqtts:";
	const port = Number(url.port || (secure ? 8883 : 1883));
	return { host: url.hostname, port, ...(secure ? { tls: { servername: url.hostname } } : {}) };
}
