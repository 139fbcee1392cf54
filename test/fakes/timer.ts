// The SDK's `timer` over the told clock: ids are objects, the callback gets its id, `clear(undefined)` is allowed.
import { clock, type Entry } from "./clock.ts";

interface Id {
	entry?: Entry;
	callback: (id: Id) => void;
}

function set(callback: (id: Id) => void, delay = 0, interval = 0): Id {
	const id: Id = { callback };
	schedule(id, delay, interval);
	return id;
}

function schedule(id: Id, delay: number, interval = 0): void {
	clear(id);
	id.entry = clock.at(delay, interval, () => id.callback(id));
}

function clear(id?: Id): void {
	if (id?.entry) clock.cancel(id.entry);
}

export default {
	set,
	repeat: (callback: (id: Id) => void, ms: number) => set(callback, ms, ms),
	schedule,
	clear,
};
