// What a publication says on the way.

/** Where it is said is the program's business. */
export interface Talk {
	/** Something is done. */
	step(name: string, seen: string): void;
	/** Something has failed, or did not come. */
	fail(name: string, seen: string): void;
	/** How things stand. */
	note(text: string): void;
	warn(text: string): void;
	/** Of a download, 0…100. */
	progress(percent: number): void;
}
