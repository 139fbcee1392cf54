// Runs inside the simulator: hosts/esp32's own files over stubs.c, through the SDK's real FFI. Traces what came of it.
import type { JSONValue, SlotError } from "host/contract";
import mods from "host/mods";
import slots from "host/slots";
import Store from "host/store";
import system from "host/system";
import Timer from "timer";

const tell = (value: JSONValue): void => trace(`${JSON.stringify(value)}\n`);

function refused(action: () => void): string {
	try {
		action();
		return "accepted";
	} catch (error) {
		return (error as SlotError).codeName ?? String(error);
	}
}

function tellSlots(): void {
	const bytes = new ArrayBuffer(32);
	new Uint8Array(bytes).fill(0x55);
	slots.begin();
	slots.erase(0, slots.blockSize);
	slots.write(bytes, 16, 32);
	const back = new ArrayBuffer(64);
	slots.read(back, 0, 64);
	const noImage = refused(() => slots.activate());
	new Uint8Array(bytes)[0] = 0xe9;
	slots.write(bytes, 0, 16);
	slots.activate();
	const { running, next } = slots;
	const active = next.state;
	slots.begin(); // stubs.c answers ESP_FAIL, and the active record names this slot
	tell({
		running: [running.label, running.size, running.state],
		next: [next.label, next.size, active, next.state],
		bytes: [...new Uint8Array(back)].slice(14, 18),
		noImage,
		revert: refused(() => slots.revert()),
	});
}

function tellStore(): void {
	const store = new Store("tb");
	const values = [2 ** 31 - 1, -(2 ** 31), "grüße", "", "x".repeat(1984)];
	const same = values.map((value) => {
		store.set("value", value);
		return store.get("value") === value;
	});
	const blob = new Uint8Array([0, 255, 7]);
	store.set("blob", blob.buffer);
	const found = [...new Uint8Array(store.get("blob") as ArrayBuffer)];
	store.delete("value");
	const gone = store.get("value") === undefined;
	const full = refused(() => {
		for (let index = 0; index < 9; index++) store.set(`n${index}`, index);
	});
	store.clear();
	tell({ same, found, gone, full, cleared: store.get("blob") === undefined });
	store.close();
}

function tellSystem(): void {
	const { uptime, freeMemory, resetReason, bootId } = system;
	tell({ uptime, freeMemory: freeMemory ?? null, resetReason, bootId, random: system.random() });
}

function tellMods(): void {
	const bytes = new ArrayBuffer(16);
	new Uint8Array(bytes).fill(0x55);
	mods.erase(4096);
	mods.write(bytes, 4096, 16);
	const back = new ArrayBuffer(4);
	mods.read(back, 4110, 4);
	tell({ mapped: mods.mapped, size: mods.size, bytes: [...new Uint8Array(back)] });
}

Timer.set(() => {
	tellSlots();
	tellStore();
	tellSystem();
	tellMods();
	trace("##EXIT 0\n");
});
