// Wi-Fi as a station, with the credentials of NVS namespace "wifi" (ssid, password), reconnect and network time.

import WiFi from "embedded:network/interface/wifi";
import type { Link, LinkOptions } from "host/contract";
import Store from "host/store";
import config from "mc/config";
import SNTP from "sntp";
import Time from "time";
import Timer from "timer";

const Disconnected = 200; // values of WiFi.connection
const Address = 500;
const FirstRetry = 1000; // ms, doubled up to LastRetry
const LastRetry = 60_000;
const ClockRetry = 60_000; // ms between two attempts to get the time
const ClockEpoch = Date.UTC(2025, 0, 1); // a clock before this was never set

/** `host/link` of the chip. One at a time: there is one radio. */
export default class WiFiLink implements Link {
	#options: LinkOptions;
	#wifi: WiFi | undefined;
	#retry: Timer | undefined;
	#clock: Timer | undefined;
	#delay = FirstRetry;
	#up = false;
	#told = false;
	#asking = false;

	constructor(options: LinkOptions) {
		this.#options = options;
		this.#wifi = new WiFi({ onChanged: () => this.#guard(() => this.#changed()) });
		this.#retry = Timer.set(() => this.#guard(() => this.#connect()));
		if (this.clockValid) this.#clock = Timer.set(() => this.#guard(() => this.#clockSet()));
	}
	get up(): boolean {
		return this.#up;
	}
	get address(): string | undefined {
		return this.#wifi?.address;
	}
	get RSSI(): number | undefined {
		return this.#up ? this.#wifi?.RSSI : undefined;
	}
	get clockValid(): boolean {
		return Date.now() > ClockEpoch;
	}
	close(): void {
		if (this.#retry !== undefined) Timer.clear(this.#retry);
		if (this.#clock !== undefined) Timer.clear(this.#clock);
		this.#retry = this.#clock = undefined;
		this.#wifi?.close();
		this.#wifi = undefined;
		this.#up = false;
	}

	#connect(): void {
		this.#retry = undefined;
		const store = new Store("wifi");
		const SSID = store.get("ssid");
		const password = store.get("password");
		store.close();
		if (typeof SSID !== "string") {
			trace("link: no ssid in NVS namespace wifi\n");
			this.#report(false);
			return;
		}
		this.#wifi?.connect(typeof password === "string" ? { SSID, password } : { SSID });
	}
	#changed(): void {
		const connection = this.#wifi?.connection ?? Disconnected;
		if (connection >= Address) {
			this.#delay = FirstRetry;
			this.#report(true);
			this.#askTime();
		} else if (connection <= Disconnected) {
			this.#report(false);
			this.#again();
		}
	}
	/** The SDK does not reconnect by itself. */
	#again(): void {
		if (this.#retry !== undefined || !this.#wifi) return;
		this.#retry = Timer.set(
			() => this.#guard(() => this.#connect()),
			this.#delay * (0.5 + Math.random() / 2),
		);
		this.#delay = Math.min(this.#delay * 2, LastRetry);
	}
	#askTime(): void {
		if (this.clockValid || this.#asking || !this.#wifi) return;
		this.#asking = true;
		new SNTP({ host: config.sntp ?? "pool.ntp.org" }, (message, value) => {
			if (message === SNTP.retry) return;
			this.#asking = false;
			this.#guard(() => this.#time(message === SNTP.time ? value : undefined));
		});
	}
	#time(seconds: number | undefined): void {
		if (!this.#wifi) return;
		if (seconds === undefined) {
			this.#clock = Timer.set(() => this.#guard(() => this.#askTime()), ClockRetry);
			return;
		}
		Time.set(seconds);
		this.#clockSet();
	}
	#clockSet(): void {
		this.#clock = undefined;
		this.#options.onClock?.call(this);
	}
	#report(up: boolean): void {
		if (this.#told && up === this.#up) return;
		this.#told = true;
		this.#up = up;
		this.#options.onChanged?.call(this, up);
	}
	/** An exception that escaped a callback would restart the chip. */
	#guard(action: () => void): void {
		try {
			if (this.#wifi) action();
		} catch (error) {
			trace(`link: ${error}\n`);
			this.#again();
		}
	}
}
