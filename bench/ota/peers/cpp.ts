// ThingsBoard's C++ SDK (thingsboard-client-sdk, src/OTA_Handler.h): stop and wait, everything erased when chunk 0 is there.
import { Chunk, PeerUpdater } from "./peer.ts";

/** Its timer goes on over a lost connection; what it bounds is the time without the next chunk. */
export class CppSDK extends PeerUpdater {
	static readonly Timeout = 5_000; // ms; src/OTA_Update_Callback.h: REQUEST_TIMEOUT, there in microseconds
	static readonly Retries = 12; // src/OTA_Update_Callback.h: CHUNK_RETRIES
	#next = 0;
	#retries = CppSDK.Retries;
	#began = false;
	#cancel: () => void = () => {};

	protected connected(): void {
		if (!this.#began) this.#request();
		this.#began = true;
	}

	/** Chunks are counted as size / chunk + 1 (m_total_chunks), so an exact multiple costs one more request, for an empty answer. */
	protected chunk(index: number, data: Buffer): void {
		if (index !== this.#next) return;
		if (index === 0) this.eraseAll();
		if (data.length) this.write(index * Chunk, data);
		this.#retries = CppSDK.Retries;
		this.#next += 1;
		if (this.#next <= Math.floor(this.device.size / Chunk)) this.#request();
		else this.#end();
	}

	#request(): void {
		this.ask(this.#next);
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
