// A ThingsBoard's REST API as far as the scenario needs it, at the real server's paths.
import { createHash } from "node:crypto";

type Body = Record<string, unknown>;
/** One stored value: epoch milliseconds and ThingsBoard's text form of it. */
export interface Point {
	ts: number;
	value: string;
}

/** A logged-in tenant administrator. Every method rejects with the request, the status and the server's own text. */
export class Rest {
	#url: string;
	#token = "";

	/** `url`: e.g. `http://127.0.0.1:8080`. Call `login` first. */
	constructor(url: string) {
		this.#url = url;
	}

	async login(username: string, password: string): Promise<void> {
		const { token } = await this.#json("POST", "/api/auth/login", { username, password });
		this.#token = String(token);
	}

	/** The device of that name, created with that access token where it is missing. Returns ThingsBoard's device object. */
	async device(name: string, accessToken: string): Promise<Body> {
		const found = await this.#send("GET", `/api/tenant/devices?deviceName=${encodeURIComponent(name)}`);
		if (found.ok) return (await found.json()) as Body;
		return this.#json("POST", `/api/device?accessToken=${encodeURIComponent(accessToken)}`, { name });
	}

	/** All values of `key` since `from` (epoch ms), oldest first. */
	async series(id: string, key: string, from: number): Promise<Point[]> {
		const range = `startTs=${from}&endTs=${Date.now() + 60_000}&limit=1000&orderBy=ASC`;
		const path = `/api/plugins/telemetry/DEVICE/${id}/values/timeseries?keys=${key}&${range}`;
		const values = (await this.#json("GET", path)) as Record<string, Point[]>;
		return (values[key] ?? []).sort((a, b) => a.ts - b.ts);
	}

	/** Attributes of one scope, as an object. */
	async attributes(id: string, scope: "CLIENT_SCOPE" | "SHARED_SCOPE"): Promise<Body> {
		const path = `/api/plugins/telemetry/DEVICE/${id}/values/attributes/${scope}`;
		const list = (await this.#json("GET", path)) as unknown as { key: string; value: unknown }[];
		return Object.fromEntries(list.map(({ key, value }) => [key, value]));
	}

	async share(id: string, values: Body): Promise<void> {
		await this.#checked("POST", `/api/plugins/telemetry/DEVICE/${id}/SHARED_SCOPE`, JSON.stringify(values));
	}

	/** Two-way RPC: the device's answer. */
	rpc(id: string, method: string, params: unknown): Promise<Body> {
		return this.#json("POST", `/api/rpc/twoway/${id}`, { method, params, timeout: 10_000 });
	}

	/** Creates a firmware package and uploads its bytes; the server checks our SHA-256. Returns the package's id. */
	async firmware(title: string, version: string, image: Uint8Array<ArrayBuffer>): Promise<string> {
		const { id: deviceProfileId } = await this.#json("GET", "/api/deviceProfileInfo/default");
		const info = { title, version, type: "FIRMWARE", deviceProfileId };
		const { id } = (await this.#json("POST", "/api/otaPackage", info)) as { id: { id: string } };
		const form = new FormData();
		form.append("file", new Blob([image]), `${title}-${version}.bin`);
		const checksum = createHash("sha256").update(image).digest("hex");
		await this.#checked(
			"POST",
			`/api/otaPackage/${id.id}?checksum=${checksum}&checksumAlgorithm=SHA256`,
			form,
		);
		return id.id;
	}

	/** Makes the package the device's target. */
	async assign(id: string, packageId: string): Promise<void> {
		const device = await this.#json("GET", `/api/device/${id}`);
		await this.#json("POST", "/api/device", {
			...device,
			firmwareId: { entityType: "OTA_PACKAGE", id: packageId },
		});
	}

	async #json(method: string, path: string, body?: Body): Promise<Body> {
		const response = await this.#checked(method, path, body && JSON.stringify(body));
		return (await response.json()) as Body;
	}

	async #checked(method: string, path: string, body?: string | FormData): Promise<Response> {
		const response = await this.#send(method, path, body);
		if (response.ok) return response;
		throw new Error(`${method} ${path}: expected success, got ${response.status} ${await response.text()}`);
	}

	#send(method: string, path: string, body?: string | FormData): Promise<Response> {
		const headers: Record<string, string> = this.#token ? { "X-Authorization": `Bearer ${this.#token}` } : {};
		if (typeof body === "string") headers["Content-Type"] = "application/json";
		return fetch(this.#url + path, { method, headers, ...(body === undefined ? {} : { body }) });
	}
}
