// The load that every client is put to, and what a client's process says at its end.

/** What a client's process gets. */
export interface Task {
	host: string;
	port: number;
	token: string;
	/** Messages that are sent before the clock starts. */
	warmUp: number;
	/** Messages that are measured. */
	messages: number;
	/** Messages that wait for their PUBACK at the same time. */
	window: number;
}

/** What it prints as one line of JSON. `cpu` in microseconds of user and system time. */
export interface Outcome {
	version: string;
	milliseconds: number;
	cpu: number;
	messages: number;
}

/** The same values in every client, but for the counter. */
export const reading = (count: number) => ({ temperature: 21.5, humidity: 40, count });

/** The task in the environment of a client's process. */
export const taskOf = (): Task => JSON.parse(process.env.TASK ?? "{}") as Task;

/** Keeps `window` messages waiting for their PUBACK until all were acknowledged; `send` calls its argument at the PUBACK. */
export function run(
	{ warmUp, messages, window }: Task,
	send: (count: number, acknowledged: () => void) => void,
): Promise<{ milliseconds: number; cpu: number }> {
	const all = warmUp + messages;
	return new Promise((resolve) => {
		let sent = 0;
		let done = 0;
		let start = 0;
		let cpu = process.cpuUsage();
		const acknowledged = (): void => {
			done += 1;
			if (done === warmUp) {
				start = performance.now();
				cpu = process.cpuUsage();
			}
			if (done === all) {
				const { user, system } = process.cpuUsage(cpu);
				resolve({ milliseconds: performance.now() - start, cpu: user + system });
			}
			if (sent < all) send(sent++, acknowledged);
		};
		while (sent < Math.min(window, all)) send(sent++, acknowledged);
	});
}
