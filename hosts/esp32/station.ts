// Wi-Fi as a station: joins the network that NVS names, and joins it again, for ever. The SDK does not reconnect by itself.
import WiFi from "embedded:network/interface/wifi";
import system from "host/system";
import Timer from "timer";

/** Values of the SDK's `WiFi.connection`. */
const Disconnected = 200;
const Associated = 400;
const Addressed = 500;
const FirstRetry = 1_000; // ms, doubled up to LastRetry, each with full jitter so that a fleet does not come back in step
const LastRetry = 60_000;
const JoinTime = 20_000; // ms to associate: a scan of all channels takes 3 to 5 s
const AddressTime = 20_000; // ms from association to an address: DHCP asks four times in 15 s

/** What joins a network; without a password it is an open one. */
export interface Credentials {
	SSID: string;
	password?: string;
}

/** Every option. */
export interface StationOptions {
	/** Asked anew at each attempt, as they may be written while the device runs. Undefined: not commissioned yet. */
	credentials(): Credentials | undefined;
	/** Name that DHCP tells the router. */
	hostname: string;
	/** There is an address, or there is none any more. */
	onChanged(up: boolean): void;
	/** Why there is no link, once for each reason until the link comes up. */
	onError(text: string): void;
}

type Timing = ReturnType<typeof Timer.set>;

/** One radio. Callbacks are never called inside a method. */
export class Station {
	readonly #options: StationOptions;
	readonly #wifi: WiFi;
	#timer: Timing | undefined;
	#delay = FirstRetry;
	#up = false;
	#joining = false;
	#told = "";
	#closed = false;

	constructor(options: StationOptions) {
		this.#options = options;
		this.#wifi = new WiFi({ onChanged: () => this.#guard(() => this.#changed()) });
		this.#after(0, () => this.#begin());
	}

	/** There is an address. */
	get up(): boolean {
		return this.#up;
	}
	get address(): string | undefined {
		return this.#up ? this.#wifi.address : undefined;
	}
	get RSSI(): number | undefined {
		return this.#up ? this.#wifi.RSSI : undefined;
	}
	/** Lets the radio go; nothing is called after it. Legal twice. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#up = false;
		Timer.clear(this.#timer);
		this.#wifi.close();
	}

	/** A name that the network stack refuses is told, and does without. */
	#begin(): void {
		this.#guard(() => this.#wifi.configure({ hostname: this.#options.hostname }));
		this.#join();
	}
	#join(): void {
		const credentials = this.#options.credentials();
		if (credentials) this.#connect(credentials);
		else this.#again("expected a Wi-Fi name in the store (npm run commission), found none");
	}
	#connect(credentials: Credentials): void {
		this.#joining = true;
		this.#wifi.connect(credentials);
		const what = `join ${credentials.SSID}: expected an association in ${JoinTime} ms: out of range, or a wrong password`;
		this.#after(JoinTime, () => this.#giveUp(what));
	}
	#changed(): void {
		const { connection } = this.#wifi;
		if (connection >= Addressed) this.#arrived();
		else if (connection >= Associated) this.#associated();
		else if (connection <= Disconnected) this.#lost();
	}
	#associated(): void {
		const text = `DHCP: expected an address within ${AddressTime} ms of joining, got none`;
		this.#after(AddressTime, () => this.#giveUp(text));
	}
	#arrived(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		this.#delay = FirstRetry;
		this.#told = "";
		this.#report(true);
	}
	/** The access point refused or went away; nothing new where it was we who let go. */
	#lost(): void {
		if (!this.#joining) return;
		const text = this.#up
			? "the access point is gone"
			: "the access point refused: a wrong password, or it is full";
		this.#report(false);
		this.#again(text);
	}
	#giveUp(text: string): void {
		this.#report(false);
		this.#again(text);
		this.#wifi.disconnect(); // otherwise the next connect throws "already connecting"
	}
	#again(text: string): void {
		this.#joining = false;
		if (text !== this.#told) this.#options.onError(`link: ${text}`);
		this.#told = text;
		this.#after(this.#delay * (0.5 + system.random() / 2 ** 33), () => this.#join());
		this.#delay = Math.min(this.#delay * 2, LastRetry);
	}
	#report(up: boolean): void {
		if (up === this.#up) return;
		this.#up = up;
		this.#options.onChanged(up);
	}
	#after(ms: number, action: () => void): void {
		Timer.clear(this.#timer);
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			this.#guard(action);
		}, ms);
	}
	/** An exception that escaped a callback would restart the chip. */
	#guard(action: () => void): void {
		try {
			if (!this.#closed) action();
		} catch (error) {
			if (!this.#closed) this.#again(`Wi-Fi: ${error}`);
		}
	}
}
