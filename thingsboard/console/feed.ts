// The page's live stream: one JSON object a line, for as long as the caller listens.
import { PassThrough } from "node:stream";
import type { Core } from "../core.ts";
import type { Device } from "../devices.ts";
import { decode } from "./decode.ts";
import { capacity } from "./wire-log.ts";

/** How long changes are gathered before they are sent, milliseconds. Nobody's eyes are faster. */
const gather = 100;
/** Most packets in one line; under load the page is told how many it missed. */
const batch = 400;
/** Bytes a slow reader may owe before it gets no more. */
const debt = 1_000_000;

/** Streams of every open page. */
export class Feed {
	#core: Core;
	#open = new Set<() => void>();

	constructor(core: Core) {
		this.#core = core;
	}

	/** Something changed that the wire does not tell: a device made or removed by REST. */
	wake(): void {
		for (const wake of this.#open) wake();
	}

	/** A new stream: the devices first, then the packets still kept, then whatever happens. */
	stream(): PassThrough {
		const out = new PassThrough();
		const state: State = { seq: Math.max(this.#core.wire.last - capacity, 0), devices: "" };
		let timer: NodeJS.Timeout | undefined;
		const send = () => {
			timer = undefined;
			if (out.writableLength < debt) for (const line of lines(this.#core, state)) out.write(line);
			if (state.seq < this.#core.wire.last) wake();
		};
		const wake = () => {
			timer ??= setTimeout(send, gather);
		};
		this.#open.add(wake);
		this.#core.wire.watchers.add(wake);
		out.once("close", () => {
			clearTimeout(timer);
			this.#open.delete(wake);
			this.#core.wire.watchers.delete(wake);
		});
		send();
		return out;
	}
}

/** What one stream has told already. */
interface State {
	seq: number;
	devices: string;
}

function* lines(core: Core, state: State): Generator<string> {
	const now = core.clock.now();
	const devices = JSON.stringify(core.devices.all().map(deviceLine));
	if (devices !== state.devices) yield `{"now":${now},"devices":${devices}}\n`;
	state.devices = devices;
	const missed = Math.max(core.wire.last - state.seq - batch, 0);
	const entries = core.wire.after(state.seq + missed, batch);
	state.seq = core.wire.last;
	if (entries.length) yield `${JSON.stringify({ now, missed, packets: entries.map(decode) })}\n`;
}

/** A device in the page's list. */
function deviceLine({ id, info, session, createdTime }: Device): object {
	return { id, name: info.name, type: info.type ?? "default", connected: session !== undefined, createdTime };
}
