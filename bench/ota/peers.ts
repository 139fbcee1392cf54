// How other updaters fetch an image, as state machines over a real MQTT connection on the bench's link and flash. What they do is taken
// from their sources; each constant says from where. docs/bench.md says what was left out.
import { generate, type Packet, parser } from "mqtt-packet";
import { NorFlash } from "../../hosts/virtual/flash.ts";
import type { Wire } from "../../hosts/virtual/network.ts";
import type { BenchClock } from "../clock.ts";
import type { Link } from "../link.ts";

export interface PeerDevice {
	clock: BenchClock;
	link: Link;
	flash: NorFlash;
	/** Bytes of the image. */
	size: number;
	/** All bytes are in flash, or why the update has failed. */
	onEnd(error?: string): void;
}

const Reconnect = 10_000; // ms; esp-mqtt's default (MQTT_RECON_DEFAULT_MS)

/** An MQTT connection that asks for chunks, and connects again after 10 s. */
abstract class Updater {
	/** Requests sent. */
	requests = 0;
	protected readonly device: PeerDevice;
	#wire: Wire | undefined;
	#isOpen = false;

	constructor(device: PeerDevice) {
		this.device = device;
		this.#connect();
	}

	protected abstract connected(): void;
	protected abstract chunk(index: number, data: Buffer): void;

	/** What is asked while there is no connection is lost. */
	protected ask(index: number, payload: string): void {
		this.requests += 1;
		if (!this.#isOpen) return;
		const topic = `v2/fw/request/1/chunk/${index}`;
		this.#send({ cmd: "publish", topic, payload, qos: 0, dup: false, retain: false });
	}

	/** `esp_ota_begin` with the image's size: all of it at once, whole blocks where they fit. */
	protected eraseAll(): void {
		this.device.flash.erase(0, Math.ceil(this.device.size / NorFlash.SECTOR) * NorFlash.SECTOR);
	}

	#connect(): void {
		const packets = parser({ protocolVersion: 4 });
		packets.on("packet", (packet: Packet) => this.#on(packet));
		this.#wire = this.device.link.connect("127.0.0.1", 1, {
			onOpen: () =>
				this.#send({ cmd: "connect", clientId: "", protocolId: "MQTT", protocolVersion: 4 } as Packet),
			onData: (data) => packets.parse(Buffer.from(data)),
			onDrain: () => {},
			onEnd: () => {
				this.#isOpen = false;
				this.device.clock.at(Reconnect, () => this.#connect());
			},
		});
	}

	#send(packet: Packet): void {
		this.#wire?.write(generate(packet));
	}

	#on(packet: Packet): void {
		if (packet.cmd === "connack") {
			this.#isOpen = true;
			this.connected();
		} else if (packet.cmd === "publish") {
			const index = /^v2\/fw\/response\/1\/chunk\/(\d+)$/.exec(packet.topic)?.[1];
			if (index) this.chunk(Number(index), packet.payload as Buffer);
		}
	}
}

const Chunk = 4096; // C++ SDK, OTA_Update_Callback.h: CHUNK_SIZE; RainMaker, Kconfig.projbuild: ESP_RMAKER_OTA_MQTT block size

/** ThingsBoard's C++ SDK (OTA_Handler.h): stop and wait, everything erased when chunk 0 is there. */
export class CppSDK extends Updater {
	static readonly Timeout = 5_000; // ms; OTA_Update_Callback.h: REQUEST_TIMEOUT
	static readonly Retries = 12; // OTA_Update_Callback.h: CHUNK_RETRIES
	#next = 0;
	#retries = CppSDK.Retries;
	#began = false;
	#cancel: () => void = () => {};

	protected connected(): void {
		if (!this.#began) this.#request();
		this.#began = true;
	}

	/** Chunks are counted as size / chunk + 1, so an exact multiple costs one more request, for an empty answer. */
	protected chunk(index: number, data: Buffer): void {
		if (index !== this.#next) return;
		if (index === 0) this.eraseAll();
		if (data.length) this.device.flash.write(index * Chunk, data);
		this.#retries = CppSDK.Retries;
		this.#next += 1;
		if (this.#next <= Math.floor(this.device.size / Chunk)) this.#request();
		else this.#end();
	}

	#request(): void {
		this.ask(this.#next, String(Chunk));
		this.#cancel();
		this.#cancel = this.device.clock.at(CppSDK.Timeout, () => this.#late());
	}

	#late(): void {
		if (this.#retries-- > 0) this.#request();
		else this.#end("no answer");
	}

	#end(error?: string): void {
		this.#cancel();
		this.device.onEnd(error);
	}
}

/** ESP RainMaker over MQTT (esp_rmaker_ota_using_mqtt): batches of 16 blocks in any order, erased in advance, offset kept per batch. */
export class RainMaker extends Updater {
	static readonly Blocks = 16; // Kconfig.projbuild: blocks per request
	static readonly Timeout = 10_000; // ms; Kconfig.projbuild
	static readonly Retries = 3; // of a batch; Kconfig.projbuild
	#first = 0;
	#missing = new Set<number>();
	#erased = false;
	#retries = RainMaker.Retries;
	#cancel: () => void = () => {};

	protected connected(): void {
		this.#batch();
	}

	protected chunk(index: number, data: Buffer): void {
		if (!this.#missing.delete(index)) return;
		if (!this.#erased) {
			this.#erased = true; // the header comes first: its block is in the first batch here
			this.eraseAll();
		}
		this.device.flash.write(index * Chunk, data);
		if (this.#missing.size) return;
		this.#first += RainMaker.Blocks;
		this.#retries = RainMaker.Retries;
		this.#batch();
	}

	#batch(): void {
		const last = Math.ceil(this.device.size / Chunk);
		for (let block = this.#first; block < Math.min(this.#first + RainMaker.Blocks, last); block++)
			this.#missing.add(block);
		this.#cancel();
		if (!this.#missing.size) this.device.onEnd();
		else this.#request();
	}

	#request(): void {
		for (const block of this.#missing) this.ask(block, String(Chunk));
		this.#cancel = this.device.clock.at(RainMaker.Timeout, () => this.#late());
	}

	#late(): void {
		if (this.#retries-- > 0) this.#batch();
		else this.device.onEnd("no answer");
	}
}

/** ThingsBoard's Python SDK (tb_device_mqtt.py, 1.x): the whole image in one message, a second of sleep at each state, no retry. */
export class PythonSDK extends Updater {
	static readonly Sleep = 1_000; // ms; `sleep(1)` after DOWNLOADING, DOWNLOADED, VERIFIED and UPDATING
	#asked = false;

	protected connected(): void {
		if (this.#asked) return;
		this.#asked = true;
		this.device.clock.at(PythonSDK.Sleep, () => this.ask(0, "")); // chunk_size 0: an empty payload
	}

	/** Written by the callback that comes after UPDATING. */
	protected chunk(_index: number, data: Buffer): void {
		this.device.clock.at(3 * PythonSDK.Sleep, () => {
			this.eraseAll();
			this.device.flash.write(0, data);
			this.device.onEnd();
		});
	}
}
