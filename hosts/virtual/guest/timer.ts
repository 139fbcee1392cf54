/** The SDK's `timer`: ids are objects, a callback gets its id, `clear(undefined)` is allowed, times are milliseconds. */
import { Op } from "../protocol.ts";
import { call, forget, numbers, register } from "./bridge.ts";

type Callback = (id: Id) => void;

/** What `set` returns. Nothing in it is for the application. */
export interface Id {
	handle: number;
	repeats: boolean;
}

/** Calls back once after `delay` (default 0), or then every `interval` too. */
function set(callback: Callback, delay = 0, interval = 0): Id {
	const id: Id = { handle: 0, repeats: false };
	id.handle = register(() => {
		if (!id.repeats) clear(id);
		callback(id);
	});
	schedule(id, delay, interval);
	return id;
}

/** Arms again: first after `delay`, then every `interval` if there is one. @throws Error when the id was cleared or has fired. */
function schedule(id: Id, delay: number, interval = 0): void {
	if (!id.handle)
		throw new Error("Timer.schedule: expected an armed timer, got one that was cleared or has fired");
	id.repeats = interval > 0;
	call(Op.TimerSet, id.handle, numbers(delay, interval));
}

function clear(id?: Id): void {
	if (!id?.handle) return;
	call(Op.TimerClear, id.handle);
	forget(id.handle);
	id.handle = 0;
}

export default {
	set,
	/** Calls back every `interval`. */
	repeat: (callback: Callback, interval: number): Id => set(callback, interval, interval),
	schedule,
	clear,
};
