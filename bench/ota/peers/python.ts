// ThingsBoard's Python SDK (thingsboard-python-client-sdk, tb_device_mqtt.py): the whole image in one message, no deadline, no retry.
import { PeerUpdater } from "./peer.ts";

/** As it comes: chunk_size 0. After a lost connection it connects again and asks for nothing, so it stalls for ever. */
export class PythonSDK extends PeerUpdater {
	static readonly Sleep = 1_000; // ms; sleep(1) after DOWNLOADING, DOWNLOADED, VERIFIED and UPDATING
	static override readonly Reconnect = 1_000; // ms; connect(): min_reconnect_delay
	#asked = false;

	protected override get reconnect(): number {
		return PythonSDK.Reconnect;
	}

	protected connected(): void {
		if (this.#asked) return;
		this.#asked = true;
		this.device.clock.at(PythonSDK.Sleep, () => this.ask(0, 0));
	}

	/** Written by the callback that comes after UPDATING (__on_firmware_received_default). */
	protected chunk(_index: number, data: Buffer): void {
		this.device.clock.at(3 * PythonSDK.Sleep, () => {
			this.eraseAll();
			this.write(0, data);
			this.device.onEnd();
		});
	}
}
