// Runs inside the simulator: does what the store tells it to, and traces what came of it as lines of JSON.
import type { JSONValue, SlotError, StoreValue } from "host/contract";
import Link from "host/link";
import log from "host/log";
import verify from "host/signature";
import slots from "host/slots";
import Store from "host/store";
import system from "host/system";
import Timer from "timer";

const store = new Store("test");
const tell = (value: JSONValue): void => trace(`${JSON.stringify(value)}\n`);
const block = slots.blockSize;
const bytes = new ArrayBuffer(32);
const view = new Uint8Array(bytes);

/** The error's name, where there is one; everything else that a host refuses is told by its class. */
function refused(action: () => void): string {
	try {
		action();
		return "accepted";
	} catch (error) {
		return (error as SlotError).codeName ?? (error as Error).name;
	}
}

function write(offset: number, value: number): void {
	view.fill(value);
	slots.write(bytes, offset, bytes.byteLength);
}

function read(offset: number): number {
	slots.read(bytes, offset, 1);
	return view[0] ?? -1;
}

const tasks: Record<string, () => void> = {
	exit: () => trace("##EXIT 7\n"),
	abort: () => {
		Timer.set(() => {
			throw new Error("escaped");
		});
	},
	signature: () => {
		const [key, message, signature] = ["key", "message", "signature"].map(
			(name) => store.get(name) as ArrayBuffer,
		) as [ArrayBuffer, ArrayBuffer, ArrayBuffer];
		const changed = message.slice(0);
		new Uint8Array(changed)[0] = 0;
		const zeros = new ArrayBuffer(64);
		tell([
			verify(key, message, signature),
			verify(key, changed, signature),
			verify(zeros, message, signature),
		]);
		trace("##EXIT 0\n");
	},
	hang: () => tell("hanging"),
	restart: () => system.restart(),
	link: () => {
		new Link({
			onChanged(up) {
				tell({ up, same: this.up, clockValid: this.clockValid });
			},
			onClock() {
				trace("##EXIT 0\n");
			},
		});
	},
	system: () => {
		const draws = [system.random(), system.random()];
		tell({
			draws,
			reset: system.resetReason,
			bootId: system.bootId,
			host: system.host,
			slot: slots.running.label,
		});
		trace("##EXIT 0\n");
	},
	slots: () => {
		slots.begin();
		slots.erase(0, 2 * block);
		write(0, 0xf0);
		write(0, 0x3f);
		tell({ fallen: read(0), erased: read(2 * block - 1), size: slots.next.size, state: slots.next.state });
		tell({
			align: refused(() => slots.write(bytes, 8, 16)),
			length: refused(() => slots.write(bytes, 16, 15)),
			past: refused(() => slots.read(bytes, slots.next.size, 1)),
			eraseAlign: refused(() => slots.erase(100, block)),
			eraseLength: refused(() => slots.erase(0, block + 1)),
			activate: refused(() => slots.activate()),
		});
		trace("##EXIT 0\n");
	},
	trial: () => {
		tell({ begin: refused(() => slots.begin()), state: slots.running.state });
		slots.confirm();
		tell({ begin: refused(() => slots.begin()), state: slots.running.state });
		trace("##EXIT 0\n");
	},
	revert: () => {
		const revert = refused(() => slots.revert());
		if (revert === "accepted") return;
		tell({ revert });
		trace("##EXIT 0\n");
	},
	log: () => {
		const found: string[] = [];
		for (let at = log.after(); at !== undefined; at = log.after(at))
			found.push(String.fromArrayBuffer(log.read(at) as ArrayBuffer));
		tell(found);
		const [first] = ["one", "two", "x".repeat(3000)].map((text) => log.append(ArrayBuffer.fromString(text)));
		log.remove(first as number);
		trace("##EXIT 0\n");
	},
	store: () => {
		const back = (value: StoreValue): JSONValue => {
			store.set("value", value);
			const kept = store.get("value");
			return typeof kept === "object" ? [...new Uint8Array(kept)] : (kept ?? null);
		};
		tell([back(-(2 ** 31)), back("grün"), back(new Uint8Array([0, 255]).buffer)]);
		store.delete("value");
		tell({
			deleted: store.get("value") === undefined,
			name: refused(() => store.set("sixteen-bytes-no", 1)),
			namespace: refused(() => new Store("")),
			float: refused(() => store.set("value", 0.5)),
			large: refused(() => store.set("value", 2 ** 31)),
			long: refused(() => store.set("value", "ü".repeat(993))),
			view: refused(() => store.set("value", view as unknown as ArrayBuffer)),
		});
		trace("##EXIT 0\n");
	},
};

tasks[String(store.get("task"))]?.();
