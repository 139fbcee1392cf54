/** What an updater needs. */
import type { DigestConstructor, ResetReason, Slots, Store } from "host/contract";
import type { Current } from "ota/firmware";
import type { GateOptions } from "ota/gate";
import type { Inspect } from "ota/inspector";
import type { Source } from "ota/source";
import type { State } from "ota/states";
import type { Report } from "ota/telling";
import type { Accept } from "ota/version";

/** `written` and `size` in bytes; `error` is the text of `fw_error`. */
export interface Progress {
	written: number;
	size: number;
	error?: string;
}

/** Slots, store, digest and random numbers are the host's; `source` and `report` a client's. */
export interface UpdaterOptions extends GateOptions {
	/** What runs now. */
	current: Current;
	slots: Slots;
	/** The namespace that `Trial` uses too. */
	store: Store;
	/** Must know MD5, and what the packages' checksums need. */
	digest: DigestConstructor;
	source: Source;
	report: Report;
	/** Why this boot happened: told in `ota_report`. */
	resetReason?: ResetReason;
	/** Random integers 0…2^32-1, for request ids and `ota_jitter`. */
	random: () => number;
	/** Which packages are taken; default `any` version of the running title. */
	accept?: Accept;
	/** A second opinion about every package, beside its checksum. */
	inspect?: Inspect;
	/** Update even where the boot loader was seen to know no rollback; default false. */
	withoutRollback?: boolean;
	/** Most bytes of a chunk, 1…65536; default 16384. Over TLS at most 4096: larger records do not fit its buffer. */
	chunkSize?: number;
	/** Every change of state, and every 64 KiB. */
	onState?(state: State, progress: Progress): void;
	/** The slot is active: restart when you like. */
	onReady?(): void;
}
