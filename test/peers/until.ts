/** Lets the loop turn until it is done: what is awaited comes over sockets, and mocha's timeout ends a wait in vain. */
export async function until(done: () => boolean): Promise<void> {
	while (!done()) await new Promise((turn) => setImmediate(turn));
}
