// What every part of the page is given.
import type { Api } from "./api.ts";
import type { Cell } from "./cell.ts";
import type { DeviceLine, Feed } from "./feed.ts";
import type { Socket } from "./socket.ts";

export interface Page {
	api: Api;
	feed: Feed;
	socket: Socket;
	/** The device that is looked at. */
	device: Cell<DeviceLine | undefined>;
	/** Tells the person in one line what happened; `bad` when it failed. */
	say(text: string, bad?: boolean): void;
}

/** Runs an action of the person; a failure is told, never thrown. */
export async function act({ say }: Page, what: string, action: () => Promise<unknown>): Promise<void> {
	try {
		await action();
	} catch (error) {
		say(`${what}: ${(error as Error).message}`, true);
	}
}

/** Calls `follow` for each device looked at, and the function it returned when another one is. */
export function follow({ device }: Page, watch: (device: DeviceLine) => () => void): void {
	let id: string | undefined;
	let stop: () => void = () => undefined;
	device.watch((line) => {
		if (line?.id === id) return;
		stop();
		id = line?.id;
		stop = line ? watch(line) : () => undefined;
	});
}
