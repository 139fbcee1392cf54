/** Where chunks come from. `TBClient` is such a source. */

/** One fragment of a chunk, as `TBClient` hands it on. `byteLength` is that of the whole chunk. */
export interface Chunk {
	request: number;
	index: number;
	offset: number;
	byteLength: number;
	more: boolean;
}

/** What `read` leaves when `receive` returns is dropped by the source. */
export interface Source {
	/** Asks for chunk `index`; false when it cannot be sent now: `writable` then tells when to ask again. */
	requestFirmware(request: number, index: number, size: number): boolean;
	/** Fills the view with the bytes of the fragment at hand; returns how many. */
	read(view: Uint8Array<ArrayBuffer>): number | undefined;
}
