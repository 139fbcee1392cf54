/**
 * What guest and board say to each other. Both sides import this file, so it may use nothing but the language.
 *
 *     call   op u8, handle u32, body            answer  status u8 (0 done, 1 failed), body (failed: JSON of `Failure`)
 *     event  kind u8, handle u32, uptime f64, value f64
 *
 * Numbers are big-endian. `uptime` is milliseconds since boot; a guest with a running clock of its own ignores it.
 */

/** Operations of the guest on the board. */
export const Op = {
	/** → JSON of `Boot`. */
	Boot: 1,
	/** body: delay f64, interval f64 (0 = once); event TIMER. */
	TimerSet: 2,
	TimerClear: 3,
	/** body: "host:port"; events of a socket. */
	Connect: 4,
	/** body: count u32 → bytes. */
	Read: 5,
	/** body: bytes → room u32. */
	Write: 6,
	/** Ends a socket → why it had ended by itself, as text; empty when nothing is known. */
	Close: 7,
	/** body: host name; event RESOLVED or FAILED. */
	Resolve: 8,
	ResolveCancel: 9,
	/** body: text. */
	Trace: 10,
	/** body: text of an exception nobody caught, or of a rejection nobody handled. Does not return. */
	Escaped: 11,
	/** body: algorithm; the handle is the guest's. */
	DigestOpen: 12,
	DigestWrite: 13,
	/** → digest. */
	DigestClose: 14,
	/** body: JSON [method, ...arguments], NUL, bytes → JSON, NUL, bytes. */
	Slots: 15,
	Store: 16,
	/** From now on link events come to the handle, the state first. */
	Link: 17,
	/** Does not return. */
	Restart: 18,
	/** → u32. */
	Random: 19,
	/** → f64, NaN when there is no limit. */
	FreeMemory: 20,
	/** A TLS socket. body: JSON [handle, address, port, serverName, verify, lengths], NUL, DER of CA, key and certificates. */
	Secure: 21,
	/** The partition `outbox`; form as Slots. */
	Region: 22,
	/** body: public key (65), signature (64), message → u8. */
	Verify: 23,
	/** The partition `xs`; form as Slots. "mod" → bytes of the script that was taken at boot, with true; false without one. */
	Mods: 24,
	/** A UDP socket. body: port u32; events READABLE (value: new datagrams) and FAILED. */
	Bind: 25,
	/** → JSON of [address, port], NUL, bytes of the next datagram; null without one. */
	Receive: 26,
	/** body: JSON [handle, address, port], NUL, bytes of a datagram. */
	Send: 27,
} as const;

/** Kinds of events. */
export const Event = {
	TIMER: 1,
	READABLE: 2,
	WRITABLE: 3,
	FAILED: 4,
	/** value: IPv4 address. */
	RESOLVED: 5,
	/** value: 1 up, 0 down. */
	LINK: 6,
	/** The real time is known; value: milliseconds since 1970. */
	CLOCK: 7,
	/** Collect garbage. */
	COLLECT: 8,
	/** From whoever drives the board from outside: specs, benchmarks. */
	TOLD: 9,
} as const;

/** What a machine learns at boot. */
export interface Boot {
	/** Time passes by events only. */
	virtual: boolean;
	resetReason: string;
	bootId: number;
	address: string;
	RSSI: number;
	/** Milliseconds since 1970 at boot; 0 when unknown. */
	time: number;
}

/** An exception that crosses the bridge keeps its class and its chip code. */
export interface Failure {
	name: string;
	message: string;
	code?: number | string;
	codeName?: string;
}
