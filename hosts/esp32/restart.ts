// Restarts that were asked for. XS answers an exception that escapes a callback by `esp_restart`, so the chip's own reason, SW, is the
// same for both; a mark in NVS tells them apart.
import Store from "host/store";

const Namespace = "sys";
const Planned = "planned";

/** Marks the restart that follows as asked for. A store that fails must not prevent it. */
export function planRestart(): void {
	guarded((store) => store.set(Planned, 1));
}

/** Whether the restart that led to this boot was asked for; the mark is used up. */
export function takePlanned(): boolean {
	let planned = false;
	guarded((store) => {
		planned = store.get(Planned) === 1;
		if (planned) store.delete(Planned);
	});
	return planned;
}

function guarded(action: (store: Store) => void): void {
	try {
		const store = new Store(Namespace);
		action(store);
		store.close();
	} catch (error) {
		trace(`system: ${error}\n`);
	}
}
