// The network of the machine that runs the simulator: always up, its clock always right.
import type { Link, LinkOptions } from "host/contract";
// biome-ignore lint/style/useNodejsImportProtocol: the SDK's module of that name
import Net from "net";
import Timer from "timer";

/** `host/link` of the simulator. */
export default class SimulatorLink implements Link {
	readonly up = true;
	readonly clockValid = true;
	#timer: Timer | undefined;

	constructor(options: LinkOptions) {
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			this.#call(() => options.onChanged?.call(this, true));
			this.#call(() => options.onClock?.call(this));
		});
	}
	get address(): string | undefined {
		return Net.get("IP");
	}
	get RSSI(): undefined {
		return undefined;
	}
	close(): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}
	/** An exception that escaped here would end the machine. */
	#call(callback: () => void): void {
		try {
			callback();
		} catch (error) {
			trace(`link: callback threw: ${error}\n`);
		}
	}
}
