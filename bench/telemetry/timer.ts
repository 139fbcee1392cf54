// The SDK's `timer` on Node: ids are objects, the callback gets its id, `clear(undefined)` is allowed. A delay of 0 is the next turn.
interface Id {
	callback: (id: Id) => void;
	interval: number;
	cancel: () => void;
}

function arm(id: Id, delay: number): void {
	const fire = (): void => {
		if (id.interval) arm(id, id.interval);
		id.callback(id);
	};
	if (delay > 0) {
		const timeout = setTimeout(fire, delay);
		id.cancel = () => clearTimeout(timeout);
	} else {
		const immediate = setImmediate(fire);
		id.cancel = () => clearImmediate(immediate);
	}
}

function set(callback: Id["callback"], delay = 0, interval = 0): Id {
	const id: Id = { callback, interval, cancel: () => undefined };
	arm(id, delay);
	return id;
}

export default {
	set,
	repeat: (callback: Id["callback"], ms: number) => set(callback, ms, ms),
	schedule(id: Id, delay: number, interval = 0): void {
		id.cancel();
		id.interval = interval;
		arm(id, delay);
	},
	clear: (id?: Id): void => id?.cancel(),
};
