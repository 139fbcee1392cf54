// What the models of other updaters share: a real MQTT connection on the bench's link, and flash. What they do is taken from their sources;
// each constant names its file and option. docs/bench.md says what was left out.
import { generate, type Packet, parser } from "mqtt-packet";
import { NorFlash } from "../../../hosts/virtual/flash.ts";
import type { Wire } from "../../../hosts/virtual/network.ts";
import { readPartitions } from "../../../hosts/virtual/partitions.ts";
import type { BenchClock } from "../../clock.ts";
import type { Link } from "../../link.ts";

export interface PeerDevice {
	clock: BenchClock;
	link: Link;
	flash: NorFlash;
	/** Bytes of the image. */
	size: number;
	/** All bytes are in flash, or why the update has failed. */
	onEnd(error?: string): void;
}

/** Bytes; C++ SDK, OTA_Update_Callback.h: CHUNK_SIZE. RainMaker, Kconfig.projbuild: ESP_RMAKER_MQTT_OTA_BLOCK_SIZE. */
export const Chunk = 4096;

const slot = readPartitions().find("ota_1");

/** An MQTT connection that asks for chunks, and connects again some time after it was lost. */
export abstract class PeerUpdater {
	/** Milliseconds; esp-mqtt, mqtt_config.h: MQTT_RECON_DEFAULT_MS, which C++ SDK and RainMaker leave as it is. */
	static readonly Reconnect: number = 10_000;
	/** Requests sent, those that were lost included. */
	requests = 0;
	protected readonly device: PeerDevice;
	protected isConnected = false;
	#wire: Wire | undefined;

	constructor(device: PeerDevice) {
		this.device = device;
		this.#connect();
	}

	protected abstract connected(): void;
	protected abstract chunk(index: number, data: Buffer, request: number): void;
	protected disconnected(): void {}

	/** Milliseconds from a lost connection to the next try. */
	protected get reconnect(): number {
		return PeerUpdater.Reconnect;
	}

	/** Asks for a chunk of so many bytes, 0: the whole file. What is asked while there is no connection is lost. */
	protected ask(index: number, size: number = Chunk, request = 1): void {
		this.requests += 1;
		if (!this.isConnected) return;
		const topic = `v2/fw/request/${request}/chunk/${index}`;
		this.#send({
			cmd: "publish",
			topic,
			payload: size ? String(size) : "",
			qos: 0,
			dup: false,
			retain: false,
		});
	}

	/** `esp_ota_begin` with the image's size: all of it at once, whole blocks where they fit. */
	protected eraseAll(): void {
		const sectors = Math.ceil(this.device.size / NorFlash.SECTOR);
		this.device.flash.erase(slot.offset, sectors * NorFlash.SECTOR);
	}

	protected write(position: number, data: Uint8Array): void {
		this.device.flash.write(slot.offset + position, data);
	}

	#connect(): void {
		const packets = parser({ protocolVersion: 4 });
		packets.on("packet", (packet: Packet) => this.#on(packet));
		this.#wire = this.device.link.connect("127.0.0.1", 1, {
			onOpen: () =>
				this.#send({ cmd: "connect", clientId: "", protocolId: "MQTT", protocolVersion: 4 } as Packet),
			onData: (data) => packets.parse(Buffer.from(data)),
			onDrain: () => {},
			onEnd: () => this.#ended(),
		});
	}

	#ended(): void {
		const was = this.isConnected;
		this.isConnected = false;
		this.device.clock.at(this.reconnect, () => this.#connect());
		if (was) this.disconnected();
	}

	#send(packet: Packet): void {
		this.#wire?.write(generate(packet));
	}

	#on(packet: Packet): void {
		if (packet.cmd === "connack") {
			this.isConnected = true;
			this.connected();
		} else if (packet.cmd === "publish") {
			const [, request, index] = /^v2\/fw\/response\/(\d+)\/chunk\/(\d+)$/.exec(packet.topic) ?? [];
			if (index) this.chunk(Number(index), packet.payload as Buffer, Number(request));
		}
	}
}
