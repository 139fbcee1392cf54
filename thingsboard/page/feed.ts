// The server's live stream of devices and packets. It begins again by itself when it breaks off.
import type { Api } from "./api.ts";
import { Cell } from "./cell.ts";
import { tellTime } from "./clock.ts";

/** A device in the list. */
export interface DeviceLine {
	id: string;
	name: string;
	type: string;
	connected: boolean;
	createdTime: number;
}

/** A packet, or the begin or end of a connection; see the server's decode.ts. */
export interface Packet {
	seq: number;
	at: number;
	connection: number;
	deviceId: string | null;
	device: string | null;
	direction: "in" | "out" | "open" | "close";
	packet: string;
	size: number;
	id?: number;
	qos?: number;
	topic?: string;
	text?: string;
	hex?: string;
	payload?: number;
	detail?: string;
}

/** One line of the stream. */
interface Line {
	now: number;
	devices?: DeviceLine[];
	packets?: Packet[];
	missed?: number;
}

/** How long to wait before asking again, milliseconds. */
const pause = 1000;

export class Feed {
	readonly devices = new Cell<DeviceLine[]>([]);
	/** True while the stream runs. */
	readonly live = new Cell(false);
	/** Called with packets as they come, and how many were left out before them. */
	readonly listeners = new Set<(packets: Packet[], missed: number) => void>();
	#api: Api;
	#last = 0;

	constructor(api: Api) {
		this.#api = api;
	}

	/** Reads for as long as the page lives. */
	async run(): Promise<never> {
		for (;;) {
			try {
				await this.#read();
			} catch {} // the server went away: ask again
			this.live.value = false;
			await new Promise((done) => setTimeout(done, pause));
		}
	}

	async #read(): Promise<void> {
		const { body } = await this.#api.open("GET", "/api/standin/events");
		const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
		this.live.value = reader !== undefined;
		let rest = "";
		for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
			const lines = (rest + part.value).split("\n");
			rest = lines.pop() ?? "";
			for (const line of lines) this.#take(JSON.parse(line));
		}
	}

	#take({ now, devices, packets, missed = 0 }: Line): void {
		tellTime(now);
		if (devices) this.devices.value = devices;
		if (!packets?.length) return;
		const newest = packets.at(-1)?.seq ?? 0;
		if (newest < this.#last) this.#last = 0; // another server: its numbers begin again
		const fresh = packets.filter(({ seq }) => seq > this.#last);
		this.#last = newest;
		for (const listener of this.listeners) listener(fresh, missed);
	}
}
