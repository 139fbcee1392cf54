// `embedded:network/interface/wifi` of the ESP32: a radio that does what the script says. Events come in turns of their own.
interface Options {
	onChanged(property: string): void;
}

/** What the radio was told, and the one that is in use. */
export const radio: {
	now: WiFi | undefined;
	joins: { SSID: string; password?: string }[];
	hostname: string | undefined;
	disconnects: number;
	throwAt: string;
} = { now: undefined, joins: [], hostname: undefined, disconnects: 0, throwAt: "" };

export default class WiFi {
	connection = 200;
	address: string | undefined;
	RSSI = -60;
	closed = false;
	readonly #options: Options;

	constructor(options: Options) {
		this.#options = options;
		radio.now = this;
	}
	configure({ hostname }: { hostname?: string }): void {
		if (radio.throwAt === "configure") throw new Error("set hostname failed");
		radio.hostname = hostname;
	}
	connect(credentials: { SSID: string; password?: string }): void {
		if (radio.throwAt === "connect") throw new Error("already connecting");
		radio.joins.push(credentials);
		this.connection = 300;
	}
	disconnect(): void {
		radio.disconnects += 1;
		this.tell(200);
	}
	close(): void {
		this.closed = true;
	}
	/** The radio's state changes, and it says so: 200 off, 400 associated, 500 has an address. */
	tell(connection: number): void {
		this.connection = connection;
		this.address = connection === 500 ? "192.168.1.7" : undefined;
		if (!this.closed) this.#options.onChanged("connection");
	}
}
