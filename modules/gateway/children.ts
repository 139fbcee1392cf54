// The table of children: bounded in number and in what waits. Whoever holds most gives way, so a flood costs only its own child.
import { Child, type Item, isData } from "gateway/child";
import type { Settings } from "gateway/options";
import { TBError } from "tbclient/errors";

/** Longest name of a device on the server, characters. */
const MaxName = 255;

/** An item that is given up, and why. */
export type OnDropped = (child: Child, item: Item, error: TBError) => void;

/** Children by name, and those of them that have something to send, in turn. */
export class Children {
	/** Who has something to send, longest waiting first. */
	readonly ready: Child[] = [];
	#table = new Map<string, Child>();
	#settings: Settings;
	#bytes = 0;

	constructor(settings: Settings) {
		this.#settings = settings;
	}

	get size(): number {
		return this.#table.size;
	}

	all(): Iterable<Child> {
		return this.#table.values();
	}

	find(name: string): Child | undefined {
		return this.#table.get(name);
	}

	/** A new child; undefined when the table is full. */
	add(name: string, type: string | undefined): Child | undefined {
		if (this.#table.size >= this.#settings.children) return undefined;
		const child = new Child(name, type);
		this.#table.set(name, child);
		return child;
	}

	/** Gives a child another name. False when that is taken. */
	rename(child: Child, name: string): boolean {
		if (this.#table.has(name)) return false;
		this.#table.delete(child.name);
		child.name = name;
		this.#table.set(name, child);
		return true;
	}

	/** Takes a child out. */
	remove(child: Child): void {
		this.#table.delete(child.name);
		child.gone = true;
	}

	/** It has something to send. */
	wake(child: Child): void {
		if (child.ready || child.gone) return;
		child.ready = true;
		this.ready.push(child);
	}

	/** Keeps an item of a child where there is room, or where others have to make some: they are told. */
	keep(child: Child, item: Item, onDropped: OnDropped): boolean {
		const { queue } = this.#settings;
		const firm = queue.drop === "refuse" && isData(item.kind); // questions and answers go before readings
		const fits = (messages: number, bytes: number) =>
			messages < queue.messages && bytes + item.size <= queue.bytes;
		if (item.size > queue.total || !fits(...heldFirmly(child))) return false;
		while (!fits(child.messages, child.bytes)) {
			if (firm) return false;
			this.evict(child, onDropped);
		}
		while (this.#bytes + item.size > queue.total) {
			const fattest = this.fattest(child, item.size);
			if (fattest === child && firm) return false;
			if (!this.evict(fattest, onDropped)) return false;
		}
		child.add(item);
		this.#bytes += item.size;
		this.wake(child);
		return true;
	}

	/** An item is done with. */
	release(child: Child, { size }: Item): void {
		child.messages -= 1;
		child.bytes -= size;
		this.#bytes -= size;
	}

	/** Who would hold most, with `more` bytes of `child`. */
	private fattest(child: Child, more: number): Child {
		let fattest = child;
		let most = child.bytes + more;
		for (const one of this.#table.values()) {
			if (one.bytes <= most || !victimOf(one, "oldest")) continue;
			fattest = one;
			most = one.bytes;
		}
		return fattest;
	}

	/** Gives up what a child can do without. False when all of it is in flight, or no data. */
	private evict(child: Child, onDropped: OnDropped): boolean {
		const item = victimOf(child, this.#settings.queue.drop);
		if (!item) return false;
		child.remove(item);
		child.dropped += 1;
		this.release(child, item);
		onDropped(
			child,
			item,
			new TBError(
				"TB_OUTBOX_FULL",
				`${item.kind} of ${JSON.stringify(child.name)}: gave way to something newer`,
			),
		);
		return true;
	}
}

/** Messages and bytes that cannot give way. */
function heldFirmly({ queue = [], messages, bytes }: Child): [messages: number, bytes: number] {
	const data = queue.filter(({ kind }) => isData(kind));
	return [messages - data.length, data.reduce((rest, { size }) => rest - size, bytes)];
}

/** The data that gives way: the oldest, or the newest where a newcomer would be refused. */
function victimOf({ queue = [] }: Child, drop: "oldest" | "refuse"): Item | undefined {
	const data = queue.filter(({ kind }) => isData(kind));
	return drop === "oldest" ? data[0] : data[data.length - 1];
}

/** @throws RangeError for a name that no device can have. */
export function checkName(attempt: string, name: string): void {
	if (typeof name !== "string" || !name || name.length > MaxName)
		throw new RangeError(
			`${attempt}: expected a name of 1…${MaxName} characters, got ${String(name).slice(0, 40)}`,
		);
	try {
		encodeURIComponent(name);
	} catch {
		throw new RangeError(`${attempt}: expected a name of whole characters, got half of a surrogate pair`);
	}
}
