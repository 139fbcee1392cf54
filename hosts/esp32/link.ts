// The link of the chip: Wi-Fi with the credentials of NVS namespace "wifi" (ssid, password), and network time.

import { isClockValid, NetworkClock } from "host/clock";
import type { Link, LinkOptions } from "host/contract";
import { type Credentials, Station } from "host/station";
import Store from "host/store";
import config from "mc/config";
// biome-ignore lint/style/useNodejsImportProtocol: the SDK's module of that name
import Net from "net";
import Timer from "timer";

const NTP = "pool.ntp.org";
/** Cloudflare's, as the name server that host/device falls back to: where DHCP names none, a name leads nowhere. */
const NTPAddress = "162.159.200.123";

const timeServer = (): string => config.sntp ?? (Net.get("DNS").length ? NTP : NTPAddress);

/** The access point's name and password, from NVS. */
function credentials(): Credentials | undefined {
	const store = new Store("wifi");
	try {
		const [SSID, password] = [store.get("ssid"), store.get("password")];
		if (typeof SSID !== "string" || !SSID) return undefined;
		return typeof password === "string" && password ? { SSID, password } : { SSID };
	} finally {
		store.close(); // it is tried again for ever, and an open handle is memory
	}
}

/** `host/link` of the chip. One at a time: there is one radio. */
export default class WiFiLink implements Link {
	readonly #options: LinkOptions;
	readonly #clock: NetworkClock;
	readonly #station: Station;
	readonly #start: ReturnType<typeof Timer.set>;
	#closed = false;

	constructor(options: LinkOptions) {
		this.#options = options;
		this.#clock = new NetworkClock({
			host: timeServer,
			onValid: () => this.#call(() => options.onClock?.call(this)),
			onError: (text) => this.#error(text),
		});
		this.#station = new Station({
			credentials,
			hostname: config.title,
			onChanged: (up) => this.#changed(up),
			onError: (text) => this.#error(text),
		});
		this.#start = Timer.set(() => this.#begin());
	}
	get up(): boolean {
		return this.#station.up;
	}
	get address(): string | undefined {
		return this.#station.address;
	}
	get RSSI(): number | undefined {
		return this.#station.RSSI;
	}
	get clockValid(): boolean {
		return isClockValid();
	}
	close(): void {
		this.#closed = true;
		Timer.clear(this.#start);
		this.#clock.stop();
		this.#station.close();
	}

	/** After a restart without a power cut the chip still knows the time. */
	#begin(): void {
		this.#call(() => this.#options.onChanged?.call(this, this.up));
		if (this.clockValid) this.#call(() => this.#options.onClock?.call(this));
	}
	#changed(up: boolean): void {
		if (up) this.#clock.start();
		else this.#clock.stop();
		this.#call(() => this.#options.onChanged?.call(this, up));
	}
	#error(text: string): void {
		trace(`${text}\n`);
		this.#call(() => this.#options.onError?.call(this, text));
	}
	/** An exception that escaped a callback would restart the chip. */
	#call(action: () => void): void {
		try {
			if (!this.#closed) action();
		} catch (error) {
			trace(`link: callback: ${error}\n`);
		}
	}
}
