import { type Clock, realClock, ServerClock } from "./clock.ts";
import { Devices } from "./devices.ts";
import { Packages } from "./packages.ts";

/** What a ThingsBoard administrator could configure; the defaults are the server's. Times in milliseconds, sizes in bytes. */
export interface Settings {
	/** Largest MQTT remaining length from a device, and largest firmware chunk. */
	maxPayload: number;
	/** Packets kept before CONNACK; one more closes. */
	queueLimit: number;
	/** A session without activity for so long is closed. */
	inactivity: number;
	/** When an unhandled client-side RPC is answered `{"error":"timeout"}`. */
	clientRpcTimeout: number;
	/** Delay between a package's assignment and its attributes. */
	otaPacing: number;
}

export const defaults: Readonly<Settings> = {
	maxPayload: 65_536,
	queueLimit: 100,
	inactivity: 600_000,
	clientRpcTimeout: 60_000,
	otaPacing: 600,
};

/** Everything the two protocols share: time, settings, devices and packages. */
export class Core {
	readonly clock: ServerClock;
	readonly settings: Readonly<Settings>;
	readonly devices: Devices;
	readonly packages: Packages;
	/** One line per connection event, for a person. */
	readonly log: (line: string) => void;

	constructor(options: { clock?: Clock; settings?: Partial<Settings>; log?: (line: string) => void } = {}) {
		this.clock = new ServerClock(options.clock ?? realClock);
		this.settings = { ...defaults, ...options.settings };
		this.devices = new Devices(this.clock);
		this.packages = new Packages(this.clock);
		this.log = options.log ?? (() => undefined);
	}
}
