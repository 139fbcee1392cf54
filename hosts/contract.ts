/**
 * The host contract: what every host (esp32, simulator, virtual) supplies, as types only. Nothing here exists at run time.
 * `hosts/README.md` explains each specifier; this file is what the compiler holds us to.
 * Times are milliseconds, sizes are bytes, unless a name says otherwise.
 */

/** Any value that JSON can carry. */
export type JSONValue = null | boolean | number | string | JSONValue[] | { [key: string]: JSONValue };
export type JSONObject = { [key: string]: JSONValue };

/** What ECMA-419 calls a byte buffer. */
export type ByteBuffer = ArrayBuffer | Uint8Array<ArrayBuffer>;

/** `host/device`: default export. The network classes are already wrapped by the guards of `hosts/guards`. */
export interface Device {
	network: {
		/** Spread into `new TBClient({...device.network.mqtt, host, ...})`. */
		mqtt: MQTTNetwork;
		/** The same over TLS 1.2; `TBClientOptions.secure` says whom to trust. */
		mqtts: MQTTNetwork;
	};
}

/** Constructors and their options, the way ECMA-419 hands dependencies around. */
export interface MQTTNetwork {
	io: MQTTClientConstructor;
	dns: { io: unknown; [option: string]: unknown };
	/** `io` is the guarded MQTT socket; `hooks` and `secure` may be added by whoever constructs the client. */
	socket: { io: unknown; hooks?: MQTTHooks; secure?: TLSOptions; [option: string]: unknown };
}

/** TLS as the SDK's sockets take it (`secure`). Certificates and keys are DER. */
export interface TLSOptions {
	/** The certificate authority that the server's chain must end in; one. Needed unless `verify` is false. */
	certificate?: ArrayBuffer;
	/** False accepts any server: for experiments only. */
	verify?: boolean;
	/** Name that is asked for (SNI) and that the certificate must carry; default: the host. */
	serverName?: string;
	/** Certificate of the device, and what it was issued by, leaf first. */
	clientCertificates?: ArrayBuffer[];
	/** Private key of the device, PKCS#8. */
	clientKey?: ArrayBuffer;
}

/** What the guarded socket tells besides what the MQTT client tells. Called before the client's own callback. */
export interface MQTTHooks {
	/** The socket was made, so the host's name is known; again with `open` when it takes bytes: TCP and TLS stand. */
	onSocket?(open: boolean): void;
	/** The connection below ended; `error` is what it gave as the reason, if anything (of TLS: an Error named "TLSError"). */
	onFailure?(error: unknown): void;
	/** CONNACK arrived. Codes: MQTT 3.1.1 section 3.2.2.3. */
	onConnack?(returnCode: number, sessionPresent: boolean): void;
	/** A PUBLISH without payload was swallowed, because the SDK's client stalls on it. `id` is 0 at QoS 0. */
	onEmptyPublish?(topic: string, QoS: number, id: number): void;
}

/** One inbound message fragment: `topic`, `byteLength` (whole payload) and `QoS` come with the first fragment only. */
export interface MQTTReadInfo {
	topic?: string;
	byteLength?: number;
	QoS?: number;
	/** More fragments of this message follow. */
	more: boolean;
}

/** CONNACK `{operation: 2, returnCode}`, PUBACK `{operation: 4, id}`, SUBACK `{operation: 9, id, payload: granted QoS}`, ... */
export interface MQTTControl {
	operation: number;
	id?: number;
	returnCode?: number;
	payload?: number[];
}

export interface MQTTWriteOptions {
	/** Default PUBLISH. */
	operation?: number;
	topic?: string;
	QoS?: number;
	/** Packet identifier, 1…65535, always ours: the SDK's own counter overflows. */
	id?: number;
	/** Whole payload when `data` is only its first fragment. */
	byteLength?: number;
	duplicate?: boolean;
	retain?: boolean;
	/** SUBSCRIBE and UNSUBSCRIBE. */
	items?: { topic: string; QoS?: number }[];
}

export interface MQTTClientOptions extends Omit<MQTTNetwork, "io"> {
	host: string;
	port?: number;
	/** Client identifier. */
	id?: string;
	user?: string;
	password?: string | ArrayBuffer;
	clean?: boolean;
	keepAlive?: number;
	onReadable?(this: MQTTClient, count: number, info: MQTTReadInfo): void;
	onWritable?(this: MQTTClient, count: number): void;
	onControl?(this: MQTTClient, message: MQTTControl): void;
	/** No argument in the SDK. The client has closed itself (or does right after). */
	onError?(this: MQTTClient): void;
	target?: unknown;
}

/** ECMA-419 MQTT client as SDK 8.2.3 implements it; the virtual board's own client has the same behaviour. */
export interface MQTTClient {
	/** Reads into the view (or up to `count` bytes); only as much as `onReadable` announced. Returns the count for a view. */
	read(into: number): ArrayBuffer | undefined;
	read(into: ByteBuffer): number | undefined;
	/** Returns the room left. Throws `Error("overflow")`, nothing sent, when the first fragment exceeds the room. */
	write(data: ByteBuffer | null, options?: MQTTWriteOptions): number;
	close(): void;
	target?: unknown;
}

export interface MQTTClientConstructor {
	new (options: MQTTClientOptions): MQTTClient;
	readonly PUBLISH: number;
	readonly PUBACK: number;
	readonly CONNACK: number;
	readonly SUBSCRIBE: number;
	readonly SUBACK: number;
	readonly UNSUBSCRIBE: number;
	readonly UNSUBACK: number;
	readonly PINGREQ: number;
	readonly PINGRESP: number;
	readonly DISCONNECT: number;
}

/** `crypt`: `Digest`. Algorithms MD5, SHA1, SHA224, SHA256, SHA384, SHA512 (case-sensitive). `close()` does not reset. */
export interface Digest {
	write(data: ByteBuffer): void;
	close(): ArrayBuffer;
}
export interface DigestConstructor {
	new (algorithm: string): Digest;
}

/**
 * `host/signature`: default export. ECDSA over P-256 with SHA-256 of the message (FIPS 186-5). `publicKey` is the 65 bytes of the
 * uncompressed point, `signature` r and s of 32 bytes each, most significant byte first. Does not throw.
 */
export type VerifySignature = (
	publicKey: ArrayBuffer,
	message: ArrayBuffer,
	signature: ArrayBuffer,
) => boolean;

/** ESP-IDF `esp_ota_img_states_t`; UNDEFINED when otadata holds no record for the slot. */
export type ImageState = "NEW" | "PENDING_VERIFY" | "VALID" | "INVALID" | "ABORTED" | "UNDEFINED";

export interface Slot {
	/** Partition label, e.g. `ota_0`. */
	readonly label: string;
	/** Bytes. */
	readonly size: number;
	/** State in otadata. */
	readonly state: ImageState;
}

/** A failure of the chip, with its error code and its name. */
export interface ChipError extends Error {
	/** `esp_err_t`, e.g. 0x1503. */
	code: number;
	/** e.g. `ESP_ERR_OTA_VALIDATE_FAILED`. */
	codeName: string;
}
/** Every failure of `Slots` is one. */
export type SlotError = ChipError;

/**
 * `host/slots`: default export, one instance. The two application slots and the boot record.
 * Only the inactive slot can be written; there is no method that touches the running image.
 */
export interface Slots {
	/** The slot this code runs from. */
	readonly running: Slot;
	/** The inactive slot, the target of an update. */
	readonly next: Slot;
	/** Erase block used by `erase`, bytes (64 KiB; see docs/decisions.md). */
	readonly blockSize: number;
	/** First byte of an image on this host; default 0xE9 (`esp_image_header_t`). The simulator's `.xsa` begins otherwise. */
	readonly magic?: number;
	/** `esp_image_header_t.chip_id` of this host's images; not looked at where it is absent. */
	readonly chip?: number | undefined;
	/** What the identity record of an image must say here, beside title and version; absent: this host's images need none. */
	readonly identity?: { readonly target: string; readonly xs?: string } | undefined;
	/** Why nothing here can run an image of `size` bytes that begins like this, or undefined. */
	refuse?(head: Uint8Array<ArrayBuffer>, size: number): string | undefined;
	/**
	 * Makes the inactive slot unbootable in otadata so that half an image can never boot.
	 * Throws ESP_ERR_OTA_ROLLBACK_INVALID_STATE while the running image is PENDING_VERIFY.
	 */
	begin(): void;
	/** Erases from `offset`, both in multiples of 4096 (a sector); whole aligned blocks of `blockSize` at a time are quickest. */
	erase(offset: number, length: number): void;
	/** Programs `length` bytes from the start of `buffer` at `offset`. `length` and `offset` are multiples of 16. */
	write(buffer: ArrayBuffer, offset: number, length: number): void;
	/** Reads `length` bytes of the inactive slot at `offset` to the start of `buffer`. */
	read(buffer: ArrayBuffer, offset: number, length: number): void;
	/** Checks the image in the inactive slot (magic, segments, checksum, appended SHA-256) and makes it the boot slot. */
	activate(): void;
	/** Marks the running image VALID: no rollback any more. */
	confirm(): void;
	/** Marks the running image INVALID and restarts into the other slot. Does not return on a chip. */
	revert(): void;
}

/** A piece of NOR flash, in sectors of 4096 bytes: bits only fall until their sector is erased. Every failure is a `SlotError`. */
export interface Region {
	/** Bytes, whole sectors. */
	readonly size: number;
	/** Erases the sector at that offset, a multiple of 4096. */
	erase(offset: number): void;
	/** Programs `length` bytes from the start of `buffer`. */
	write(buffer: ArrayBuffer, offset: number, length: number): void;
	/** Reads `length` bytes to the start of `buffer`. */
	read(buffer: ArrayBuffer, offset: number, length: number): void;
}

/**
 * `host/mods`: default export, one instance, over the partition `xs`. A mod replaces modules of the image: XS takes what the partition
 * holds at boot when its first 16 bytes say so, and runs it in place. Clearing them is enough that it is not taken.
 */
export interface Mods extends Region, Pick<Slots, "identity" | "refuse"> {
	/** A mod was taken at boot and is mapped: writing here would pull the ground from under running code. */
	readonly mapped: boolean;
	/** First byte of a mod on this host. */
	readonly magic: number;
	/**
	 * Why the mod of at most `size` bytes must not be taken, or undefined: asked about the whole of it, before it may run. `read` gives
	 * `length` bytes at `offset`. Absent on hosts whose mods can replace nothing but `app`. Throws what `read` throws.
	 */
	inspect?(read: (offset: number, length: number) => Uint8Array, size: number): string | undefined;
}

/**
 * `host/log`: default export, one instance, over the partition `outbox`. Records in order, which survive a loss of power at any
 * moment: one whose `append` has returned is there until it is removed; one that was being removed may come back.
 */
export interface Log {
	/** Bytes of the largest record. */
	readonly maxRecord: number;
	/** Keeps a record. Returns its position, or undefined when there is no room. Positions only grow. */
	append(record: ArrayBuffer): number | undefined;
	/** Position of the first record behind that one, or of the oldest; undefined when there is none. */
	after(position?: number): number | undefined;
	/** A record; undefined when it is damaged, and when it was removed. */
	read(position: number): ArrayBuffer | undefined;
	/** The record is not needed any more. Room comes back by whole sectors. */
	remove(position: number): void;
}

/** Values a store can keep: int32, string (at most 1984 bytes of UTF-8) or ArrayBuffer (at most 1984 bytes). */
export type StoreValue = number | string | ArrayBuffer;

/** An open namespace. Names are 1…15 bytes. Wrong names and values throw on every host, as NVS would. */
export interface Store {
	get(name: string): StoreValue | undefined;
	set(name: string, value: StoreValue): void;
	delete(name: string): void;
	/** Forgets every value of the namespace: what a factory reset does. */
	clear(): void;
	close(): void;
}
/** `host/store`: default export. */
export interface StoreConstructor {
	/** Opens (and creates) a namespace of 1…15 bytes. */
	new (namespace: string): Store;
}

/** `host/link`: default export. */
export interface LinkOptions {
	/** The link came up or went down. Fires at least once. */
	onChanged?(this: Link, up: boolean): void;
	/** Real time is known from now on. Fires at once (next turn) where it is known at boot. */
	onClock?(this: Link): void;
	/** Why there is no link, or no time: a sentence for a person, once for each reason. The link goes on trying. */
	onError?(this: Link, text: string): void;
}
export interface Link {
	readonly up: boolean;
	readonly address: string | undefined;
	/** dBm; undefined without radio. */
	readonly RSSI: number | undefined;
	readonly clockValid: boolean;
	close(): void;
}
export interface LinkConstructor {
	new (options: LinkOptions): Link;
}

/** ESP-IDF `esp_reset_reason_t` without its prefix. */
export type ResetReason =
	| "UNKNOWN"
	| "POWERON"
	| "EXT"
	| "SW"
	| "PANIC"
	| "INT_WDT"
	| "TASK_WDT"
	| "WDT"
	| "DEEPSLEEP"
	| "BROWNOUT";

/** `host/system`: default export, one instance. */
export interface System {
	/** Restarts the chip; does not return on a chip, so do nothing after it. */
	restart(): void;
	readonly resetReason: ResetReason;
	/** A number that differs at every boot. */
	readonly bootId: number;
	/** Milliseconds since boot. */
	readonly uptime: number;
	/** Bytes of free system memory; undefined where there is no such figure. */
	readonly freeMemory: number | undefined;
	/** Bytes of the JavaScript heaps in use, where the build counts them: debug and instrumented builds of the SDK. */
	readonly heap?: { slots: number; chunks: number } | undefined;
	/** Host name for telemetry: `esp32`, `simulator` or `virtual`. */
	readonly host: string;
	/** A random integer 0 … 2^32 - 1, from the hardware generator where there is one. */
	random(): number;
}

/** `host/pins`: default export. What the board has for a person to see and to touch; undefined where it has none. */
export interface Pins {
	readonly lamp: { write(on: boolean): void } | undefined;
	/** `read` gives 0…1 of the input's range. */
	readonly analog: { read(): number } | undefined;
}

/** Identity of an image: one record inside it, found by its magic (docs/virtual.md). */
export interface Identity {
	title: string;
	version: string;
	target: string;
	xs: string;
}

/** What came, and from whom. */
export type Datagram = ArrayBuffer & { address: string; port: number };

/** `host/udp`, for programs that need it: the datagram socket of ECMA-419, as the SDK has it. */
export interface UDPSocket {
	/** The next datagram; undefined without one. */
	read(): Datagram | undefined;
	/** Sends one, and forgets it. */
	write(data: ByteBuffer, address: string, port: number): void;
	close(): void;
}

/** What it is made with. */
export interface UDPOptions {
	/** Default any. */
	port?: number;
	target?: unknown;
	/** So many more can be read. */
	onReadable?(this: UDPSocket, datagrams: number): void;
	/** The port cannot be had, or the socket broke. */
	onError?(this: UDPSocket): void;
}

export type UDPConstructor = new (options: UDPOptions) => UDPSocket;
