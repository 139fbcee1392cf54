// The partition `xs`, and what XS makes of it at boot: a mod begins with "MOD!", its length, and a number that stands for its engine.
import type { Mods } from "host/contract";
import { FakeRegion } from "./region.ts";

const Engine = 17;
const Magic = [0x4d, 0x4f, 0x44, 0x21];

export class FakeMods extends FakeRegion implements Mods {
	mapped = false;
	readonly magic = 0x4d;
	readonly identity: Mods["identity"] = undefined;

	constructor(sectors = 16) {
		super(sectors);
	}

	/** What a boot does. */
	boot(): void {
		this.mapped = this.refuse(this.bytes, this.size) === undefined;
	}

	refuse(head: Uint8Array, size: number): string | undefined {
		if (!Magic.every((byte, index) => head[index] === byte)) return "magic: expected MOD!, got another";
		const length = ((head[4] ?? 0) << 8) | (head[5] ?? 0);
		if (length > size) return `length: expected at most ${size}, got ${length}`;
		return head[6] === Engine ? undefined : `engine: expected ${Engine}, got ${head[6]}`;
	}
}

/** A mod of `size` bytes. */
export function modOf(size: number, seed = 3, engine = Engine): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(size);
	for (let index = 0; index < size; index++) bytes[index] = (index * seed + (index >> 6)) & 0xff;
	bytes.set([...Magic, size >> 8, size & 0xff, engine]);
	return bytes;
}
