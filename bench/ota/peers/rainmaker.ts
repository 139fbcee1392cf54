// ESP RainMaker over MQTT (esp-rainmaker, components/esp_rainmaker/src/ota/esp_rmaker_mqtt_ota.c): header, everything erased, then
// batches of 16 blocks in any order. A lost connection ends an attempt at once; the next one resumes at the batch.
import { Nvs } from "../../../hosts/virtual/nvs.ts";
import { readPartitions } from "../../../hosts/virtual/partitions.ts";
import { Chunk, type PeerDevice, PeerUpdater } from "./peer.ts";

const header = { request: 2, bytes: 24 + 8 + 256 + 1 }; // esp_rmaker_mqtt_ota.c: IMAGE_HEADER_SIZE

/** It ends with the last attempt; in the field it is told FAILED, and begins again 5 minutes later (ESP_RMAKER_OTA_RETRY_DELAY_MINUTES). */
export class RainMaker extends PeerUpdater {
	static readonly Blocks = 16; // Kconfig.projbuild: ESP_RMAKER_MQTT_OTA_NO_OF_BLOCKS
	static readonly Timeout = 10_000; // ms, for each block; Kconfig.projbuild: ESP_RMAKER_MQTT_OTA_BLOCK_WAIT_SEC
	static readonly Retries = 3; // until a block comes; Kconfig.projbuild: ESP_RMAKER_MQTT_OTA_MAX_RETRIES
	static readonly Attempts = 3; // Kconfig.projbuild: ESP_RMAKER_OTA_MAX_RETRIES, counted by esp_rmaker_ota.c
	static readonly ConnectionWait = 60_000; // ms; esp_rmaker_mqtt_ota.c: WAIT_FOR_MQTT_TIMEOUT_SEC
	readonly #nvs: Nvs;
	#state: "waiting" | "header" | "blocks" | "ended" = "waiting";
	#first = 0;
	readonly #missing = new Set<number>();
	#attempts = RainMaker.Attempts;
	#retries = RainMaker.Retries;
	#cancel: () => void = () => {};

	constructor(device: PeerDevice) {
		super(device);
		this.#nvs = new Nvs(device.flash, readPartitions().find("nvs"));
		this.#await();
	}

	protected connected(): void {
		if (this.#state === "waiting") this.#begin();
	}

	protected override disconnected(): void {
		if (this.#state !== "ended") this.#failed("connection lost");
	}

	protected chunk(index: number, data: Buffer, request: number): void {
		if (this.#state === "header" && request === header.request) this.#erase();
		else if (this.#state === "blocks" && request === 1 && this.#missing.delete(index))
			this.#keep(index, data);
	}

	/** For the connection (wait_for_mqtt). */
	#await(): void {
		this.#state = "waiting";
		this.#deadline(RainMaker.ConnectionWait, () => this.#failed("no connection"));
		if (this.isConnected) this.#begin();
	}

	/** With the header, or at the batch that NVS knows. */
	#begin(): void {
		if (this.#first) this.#batch();
		else this.#askHeader();
	}

	#askHeader(): void {
		this.#state = "header";
		this.#nvs.set("rmaker_ota", "mqtt_ota_md5", "0".repeat(32));
		this.#keepOffset();
		this.ask(0, header.bytes, header.request);
		this.#deadline(RainMaker.Timeout, () => this.#failed("no header"));
	}

	#erase(): void {
		this.eraseAll();
		this.#batch();
	}

	#keep(index: number, data: Buffer): void {
		this.write(index * Chunk, data);
		this.#retries = RainMaker.Retries;
		this.#deadline(RainMaker.Timeout, () => this.#late());
		if (this.#missing.size) return;
		this.#first += RainMaker.Blocks;
		this.#keepOffset();
		this.#batch();
	}

	/** After each batch (mqtt_ota_set_resume_state). */
	#keepOffset(): void {
		this.#nvs.set("rmaker_ota", "mqtt_ota_off", this.#first);
	}

	#batch(): void {
		this.#state = "blocks";
		const last = Math.ceil(this.device.size / Chunk);
		for (let block = this.#first; block < Math.min(this.#first + RainMaker.Blocks, last); block++)
			this.#missing.add(block);
		if (this.#missing.size) this.#request();
		else this.#end();
	}

	/** Only what is missing (request_bitmap). */
	#request(): void {
		for (const block of this.#missing) this.ask(block);
		this.#deadline(RainMaker.Timeout, () => this.#late());
	}

	#late(): void {
		if (this.#retries-- > 0) this.#request();
		else this.#failed("no answer");
	}

	#failed(error: string): void {
		this.#retries = RainMaker.Retries;
		this.#missing.clear();
		if (--this.#attempts > 0) this.#await();
		else this.#end(error);
	}

	#end(error?: string): void {
		this.#state = "ended";
		this.#cancel();
		this.device.onEnd(error);
	}

	#deadline(ms: number, action: () => void): void {
		this.#cancel();
		this.#cancel = this.device.clock.at(ms, action);
	}
}
