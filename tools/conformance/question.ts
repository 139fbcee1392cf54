// What a row has at hand: devices of its own, connections, and ways to see that nothing came.
import { nameOf, RawDevice } from "../peer/device.ts";
import { type Body, idOf } from "../peer/rest.ts";
import { eventually, type Site, type SiteDevice } from "../peer/site.ts";

/** What the person who asks has said of the server. Milliseconds. */
export interface Limits {
	/** Longest wait for what should come. */
	patience: number;
	/** How long nothing has to come before it counts as silence. */
	settle: number;
	/** `transport.sessions.inactivity_timeout`. */
	inactivity: number;
	/** `CLIENT_SIDE_RPC_TIMEOUT`. */
	clientRpc: number;
	/** `MQTT_TIMEOUT` of a server-side RPC's PUBACK. */
	rpcAck: number;
	/** The end of a provisioning session after its answer. */
	provisionClose: number;
}

/** The server's answer to a row, in the making. */
export class Question {
	readonly site: Site;
	readonly limits: Limits;
	#number: number;
	#open: RawDevice[] = [];

	constructor(site: Site, limits: Limits, number: number) {
		this.site = site;
		this.limits = limits;
		this.#number = number;
	}

	/** What tells this row's things from those of other rows; `site` puts its own prefix before it. */
	local(what: string): string {
		return `${this.#number}-${what}`;
	}

	/** A name that nobody else has. */
	name(what: string): string {
		return this.site.name(this.local(what));
	}

	/** A fresh device. */
	device(over: Body = {}, what = "device"): Promise<SiteDevice> {
		return this.site.device(this.local(what), over);
	}

	/** A fresh gateway. */
	gateway(): Promise<SiteDevice> {
		return this.device({ additionalInfo: { gateway: true } }, "gateway");
	}

	/** The name of a device that a gateway is going to make; it is deleted in the end. */
	child(what: string): string {
		const name = this.name(what);
		this.site.forget(name);
		return name;
	}

	/** A connection that has said nothing yet. */
	connection(): RawDevice {
		const device = new RawDevice(this.site.mqtt, this.limits.patience);
		this.#open.push(device);
		return device;
	}

	/** A connection that was let in. */
	async online({ token }: Pick<SiteDevice, "token">, over: object = {}): Promise<RawDevice> {
		const device = this.connection();
		const { returnCode, reasonCode } = await device.hello({ username: token, ...over });
		if ((reasonCode ?? returnCode) !== 0) throw new Error(`CONNACK ${reasonCode ?? returnCode}`);
		return device;
	}

	/** A fresh device, connected. */
	async fresh(over: object = {}, what?: string): Promise<{ device: SiteDevice; raw: RawDevice }> {
		const device = await this.device({}, what);
		return { device, raw: await this.online(device, over) };
	}

	/** The code of the CONNACK that a CONNECT gets. */
	async code(over: object): Promise<number> {
		const { returnCode, reasonCode } = await this.connection().hello(over);
		return reasonCode ?? returnCode ?? -1;
	}

	/** What comes until the server has answered a PINGREQ and then said nothing for `settle`: "" when that was all. */
	async rest(raw: RawDevice): Promise<string> {
		raw.send({ cmd: "pingreq" });
		const seen: string[] = [];
		for (let pinged = false; ; ) {
			const came = await raw.next(pinged ? this.limits.settle : this.limits.patience);
			if (came === "silence") return pinged ? seen.join(", ") : "no answer to PINGREQ";
			if (came === "closed") return [...seen, "closed"].join(", ");
			if (came.cmd === "pingresp") pinged = true;
			else seen.push(nameOf(came));
		}
	}

	/** Names of the next things that come, until one of them is `closed`, or `count` of them came. */
	async come(raw: RawDevice, count: number): Promise<string> {
		const seen: string[] = [];
		while (seen.length < count && seen.at(-1) !== "closed") seen.push(nameOf(await raw.next()));
		return seen.join(", ");
	}

	/** Subscribes, and waits until the core must have heard of it: SUBACK comes earlier. */
	async subscribe(raw: RawDevice, ...topics: string[]): Promise<number[]> {
		const granted = await raw.subscribe(...topics);
		await raw.acknowledged("v1/devices/me/attributes/request/2147483647", '{"clientKeys":"none"}');
		await raw.message("v1/devices/me/attributes/response/2147483647");
		await new Promise((done) => setTimeout(done, this.limits.settle));
		return granted;
	}

	/** Publishes telemetry and gives what is stored under `keys`, as JSON text. */
	async stored(payload: string, ...keys: string[]): Promise<Record<string, string | undefined>> {
		const { device, raw } = await this.fresh();
		await raw.acknowledged("v1/devices/me/telemetry", payload);
		await raw.acknowledged("v1/devices/me/telemetry", '{"sentinel":1}');
		await this.eventually("the telemetry", async () => (await this.value(device, "sentinel")) !== undefined);
		const values = await Promise.all(keys.map((key) => this.value(device, key)));
		return Object.fromEntries(keys.map((key, i) => [key, values[i]]));
	}

	/** The latest value of a key as JSON text in the server's own notation; `undefined` when there is none. */
	async value({ id }: Pick<SiteDevice, "id">, key: string): Promise<string | undefined> {
		const query = `keys=${encodeURIComponent(key)}&useStrictDataTypes=true`;
		const path = `/api/plugins/telemetry/DEVICE/${id}/values/timeseries?${query}`;
		const { text } = await this.site.rest.send("GET", path);
		const value = /"ts":-?\d+,"value":(.*)\}\]\}$/s.exec(text)?.[1];
		return value === "null" ? undefined : value;
	}

	/** Asks until it is seen. */
	eventually<T>(what: string, read: () => Promise<T | undefined | false>): Promise<T> {
		return eventually(what, read, this.limits.patience);
	}

	/** The id of a device by its name; `undefined` when there is none. */
	async find(name: string): Promise<string | undefined> {
		const path = `/api/tenant/devices?deviceName=${encodeURIComponent(name)}`;
		const { status, body } = await this.site.rest.send("GET", path);
		return status === 200 ? idOf(body as Body) : undefined;
	}

	/** Ends the row's connections. */
	async end(): Promise<void> {
		await Promise.all(this.#open.splice(0).map((device) => device.end()));
	}
}
