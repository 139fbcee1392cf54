/** What the guest can ask of its board: timers, sockets, names, digests, slots, settings, link and power. */
import { createHash, type Hash, randomBytes } from "node:crypto";
import type { Region, Slots, StoreValue } from "../contract.ts";
import { exact, f64, json, named, nothing, result, stored, toStore, u32 } from "./answers.ts";
import type { Cancel, Clock } from "./clock.ts";
import { BoardDatagrams } from "./datagrams.ts";
import type { Network } from "./network.ts";
import { type Boot, Event, Op } from "./protocol.ts";
import { Reset } from "./reset.ts";
import { BoardSocket, type Post } from "./sockets.ts";
import type { Secure } from "./tls.ts";
import { isSignedBody } from "./verify.ts";

/** NVS as the guest reaches it: a namespace, a name, a value. */
export interface Storage {
	/** Checks the namespace's name. */
	open(namespace: string): void;
	get(namespace: string, name: string): StoreValue | undefined;
	set(namespace: string, name: string, value: StoreValue): void;
	delete(namespace: string, name: string): void;
	clear(namespace: string): void;
}

/** The chip around the guest. */
export interface Chip {
	readonly clock: Clock;
	readonly network: Network;
	readonly slots: Slots;
	readonly storage: Storage;
	/** The partition `outbox`. */
	readonly region: Region;
	/** The partition `xs`. */
	readonly mods: Region;
	/** Script of the mod that was taken at boot. */
	readonly mod: string | undefined;
	readonly boot: Omit<Boot, "virtual">;
	/** Delivers an event; nothing once the machine is closed. */
	readonly post: Post;
	/** Bytes, NaN without a limit. */
	freeMemory(): number;
	onTrace(text: string): void;
	receiveWindow: number;
	sendBuffer: number;
}

const digests: Record<string, string> = {
	MD5: "md5",
	SHA1: "sha1",
	SHA224: "sha224",
	SHA256: "sha256",
	SHA384: "sha384",
	SHA512: "sha512",
};

type Answer = Uint8Array | undefined;
/** What guest/slots.ts asks for; `magic` is the default there. */
type SlotMethod = Exclude<keyof Slots, "magic" | "chip" | "identity" | "refuse">;

/** Answers the calls of one machine. @throws Reset when the call ends the machine; anything else is the guest's to catch. */
export class Calls {
	readonly #chip: Chip;
	readonly #timers = new Map<number, Cancel>();
	readonly #lookups = new Map<number, Cancel>();
	readonly #sockets = new Map<number, BoardSocket>();
	readonly #datagrams = new Map<number, BoardDatagrams>();
	readonly #digests = new Map<number, Hash>();
	readonly #link: { handle: number; up: boolean };
	#clockKnown: boolean;

	constructor(chip: Chip, linkUp: boolean) {
		this.#chip = chip;
		this.#link = { handle: 0, up: linkUp };
		this.#clockKnown = chip.boot.time > 0;
	}

	answer(request: Buffer): Uint8Array {
		const op = request[0] ?? 0;
		const handler = this.#table[op];
		if (!handler) throw new RangeError(`bridge: expected a known operation, got ${op}`);
		return handler(request.readUInt32BE(1), request.subarray(5)) ?? nothing;
	}

	/** Connections end, names are not found, nothing connects, until the link is back. */
	setLink(up: boolean): void {
		if (this.#link.up === up) return;
		this.#link.up = up;
		const sockets = up ? [] : [...this.#sockets];
		for (const [handle, socket] of sockets) {
			this.#close(handle);
			socket.fail();
		}
		if (this.#link.handle) this.#chip.post(Event.LINK, this.#link.handle, Number(up));
	}

	setClock(): void {
		this.#clockKnown = true;
		this.#chip.post(Event.CLOCK, this.#link.handle, this.#chip.clock.now());
	}

	/** Nothing is posted any more. */
	close(): void {
		for (const cancel of [...this.#timers.values(), ...this.#lookups.values()]) cancel();
		for (const handle of [...this.#sockets.keys(), ...this.#datagrams.keys()]) this.#close(handle);
	}

	readonly #table: Record<number, (handle: number, body: Buffer) => Answer> = {
		[Op.Boot]: () => json({ ...this.#chip.boot, virtual: this.#chip.clock.virtual }),
		[Op.TimerSet]: (handle, body) => this.#arm(handle, body.readDoubleBE(0), body.readDoubleBE(8)),
		[Op.TimerClear]: (handle) => cancel(this.#timers, handle),
		[Op.Connect]: (handle, body) => this.#connect(handle, body.toString()),
		[Op.Read]: (handle, body) => this.#sockets.get(handle)?.read(body.readUInt32BE(0)),
		[Op.Write]: (handle, body) => u32(this.#sockets.get(handle)?.write(body) ?? 0),
		[Op.Close]: (handle) => this.#close(handle),
		[Op.Secure]: (_, body) => this.#secure(body),
		[Op.Resolve]: (handle, body) => this.#resolve(handle, body.toString()),
		[Op.ResolveCancel]: (handle) => cancel(this.#lookups, handle),
		[Op.Trace]: (_, body) => {
			this.#chip.onTrace(body.toString());
			return nothing;
		},
		[Op.Escaped]: (_, body) => {
			throw new Reset("PANIC", `unhandled exception: ${body.toString()}`);
		},
		[Op.DigestOpen]: (handle, body) => this.#digestOpen(handle, body.toString()),
		[Op.DigestWrite]: (handle, body) => {
			this.#digest(handle).update(body);
			return nothing;
		},
		[Op.DigestClose]: (handle) => this.#digestClose(handle),
		[Op.Verify]: (_, body) => Buffer.of(isSignedBody(body) ? 1 : 0),
		[Op.Slots]: (_, body) => this.#slots(body),
		[Op.Store]: (_, body) => this.#store(body),
		[Op.Region]: (_, body) => this.#region(this.#chip.region, body),
		[Op.Mods]: (_, body) => this.#mods(body),
		[Op.Bind]: (handle, body) => this.#bind(handle, body.readUInt32BE(0)),
		[Op.Receive]: (handle) => this.#receive(handle),
		[Op.Send]: (_, body) => this.#send(body),
		[Op.Link]: (handle) => this.#announceLink(handle),
		[Op.Restart]: () => {
			throw new Reset("SW", "restart");
		},
		[Op.Random]: () => randomBytes(4),
		[Op.FreeMemory]: () => f64(this.#chip.freeMemory()),
	};

	#arm(handle: number, delay: number, interval: number): Answer {
		this.#timers.get(handle)?.();
		const fire = () => {
			if (interval > 0) this.#arm(handle, interval, interval);
			else this.#timers.delete(handle);
			this.#chip.post(Event.TIMER, handle);
		};
		this.#timers.set(handle, this.#chip.clock.at(delay, fire));
		return nothing;
	}

	#connect(handle: number, where: string): Answer {
		const colon = where.lastIndexOf(":");
		return this.#open(handle, where.slice(0, colon), Number(where.slice(colon + 1)));
	}

	#open(handle: number, address: string, port: number, secure?: Secure): Answer {
		const { clock, post } = this.#chip;
		if (this.#link.up) this.#sockets.set(handle, new BoardSocket(this.#chip, handle, address, port, secure));
		else clock.soon(() => post(Event.FAILED, handle));
		return nothing;
	}

	#secure(body: Buffer): Answer {
		const [[handle, address, port, serverName, verify, lengths], data] =
			named<[number, string, number, string, boolean, number[]]>(body);
		const [certificate = nothing, clientKey = nothing, ...clientCertificates] = cut(data, lengths);
		const secure = { serverName, verify, certificate, clientKey, clientCertificates };
		this.#open(handle, address, port, secure);
		return result(null);
	}

	/** Answers why it had ended. */
	#close(handle: number): Answer {
		const socket = this.#sockets.get(handle);
		socket?.close();
		this.#sockets.delete(handle);
		this.#datagrams.get(handle)?.close();
		this.#datagrams.delete(handle);
		return Buffer.from(socket?.reason ?? "");
	}

	#bind(handle: number, port: number): Answer {
		this.#datagrams.set(handle, new BoardDatagrams(this.#chip, handle, port, () => this.#link.up));
		return nothing;
	}

	#receive(handle: number): Answer {
		const datagram = this.#datagrams.get(handle)?.read();
		return datagram ? result([datagram.address, datagram.port], datagram.data) : result(null);
	}

	#send(body: Buffer): Answer {
		const [[handle, address, port], data] = named<[number, string, number]>(body);
		if (this.#link.up) this.#datagrams.get(handle)?.send(data, address, port);
		return result(null);
	}

	#resolve(handle: number, host: string): Answer {
		const { clock, network, post } = this.#chip;
		const done = (address: number | undefined) => {
			this.#lookups.delete(handle);
			if (address === undefined || !this.#link.up) post(Event.FAILED, handle);
			else post(Event.RESOLVED, handle, address);
		};
		const lookup = this.#link.up ? network.resolve(host, done) : clock.soon(() => done(undefined));
		this.#lookups.set(handle, lookup);
		return nothing;
	}

	#announceLink(handle: number): Answer {
		this.#link.handle = handle;
		this.#chip.clock.soon(() => {
			this.#chip.post(Event.LINK, handle, Number(this.#link.up));
			if (this.#clockKnown) this.setClock();
		});
		return nothing;
	}

	#digestOpen(handle: number, name: string): Answer {
		const algorithm = digests[name];
		if (!algorithm) throw new Error("crypt: unsupported digest");
		this.#digests.set(handle, createHash(algorithm));
		return nothing;
	}

	#digest(handle: number): Hash {
		const digest = this.#digests.get(handle);
		if (!digest) throw new Error("crypt: expected an open digest, it is closed");
		return digest;
	}

	#digestClose(handle: number): Answer {
		const digest = this.#digest(handle).digest();
		this.#digests.delete(handle);
		return digest;
	}

	#slots(body: Buffer): Answer {
		const { slots } = this.#chip;
		const [[method, offset = 0, length = 0], data] = named<[SlotMethod, number, number]>(body);
		if (method === "running" || method === "next") {
			const { label, size, state } = slots[method];
			return result({ label, size, state });
		}
		if (method === "blockSize") return result(slots.blockSize);
		if (method === "read") {
			const buffer = new ArrayBuffer(length);
			slots.read(buffer, offset, length);
			return result(null, new Uint8Array(buffer));
		}
		if (method === "write") slots.write(exact(data), offset, length);
		else if (method === "erase") slots.erase(offset, length);
		else slots[method]();
		return result(null);
	}

	#mods(body: Buffer): Answer {
		const { mods, mod } = this.#chip;
		const [[method]] = named<[string]>(body);
		return method === "mod" ? result(mod !== undefined, Buffer.from(mod ?? "")) : this.#region(mods, body);
	}

	#region(region: Region, body: Buffer): Answer {
		const [[method, offset = 0, length = 0], data] = named<[keyof Region, number, number]>(body);
		if (method === "size") return result(region.size);
		if (method === "read") {
			const buffer = new ArrayBuffer(length);
			region.read(buffer, offset, length);
			return result(null, new Uint8Array(buffer));
		}
		if (method === "write") region.write(exact(data), offset, length);
		else region.erase(offset);
		return result(null);
	}

	#store(body: Buffer): Answer {
		const { storage } = this.#chip;
		const [[method, namespace, name, value], data] =
			named<[keyof Storage, string, string, [string, string]]>(body);
		if (method === "get") return stored(storage.get(namespace, name));
		if (method === "open" || method === "clear") storage[method](namespace);
		else if (method === "delete") storage.delete(namespace, name);
		else storage.set(namespace, name, toStore(value, data));
		return result(null);
	}
}

/** Consecutive pieces. */
function cut(data: Uint8Array, lengths: number[]): Uint8Array[] {
	let at = 0;
	return lengths.map((length) => {
		at += length;
		return data.subarray(at - length, at);
	});
}

function cancel(table: Map<number, Cancel>, handle: number): Answer {
	table.get(handle)?.();
	table.delete(handle);
	return nothing;
}
