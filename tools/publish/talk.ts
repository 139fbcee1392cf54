// What a publication says on the way.

/** Where it is said is the program's business. */
export interface Talk {
	step(name: string, seen: string): void;
	warn(text: string): void;
	progress(written: number, size: number): void;
}
