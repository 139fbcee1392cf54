/** ECMA-419 socket and resolver shapes, as SDK 8.2.3 implements them. Types only; nothing exists at run time. */
import type { ByteBuffer } from "host/contract";

/** Single bytes or whole buffers. */
export type Format = "number" | "buffer";

/** Marks a write whose packet goes on in the next write; `byteLength` is the whole packet's size. */
export interface WriteOptions {
	more?: boolean;
	byteLength?: number;
}

/** A connected stream: TCP or TLS. */
export interface Socket {
	format: Format;
	/** Number format: one byte, undefined when there is none. Buffer format: a new buffer, or the count read into a view. */
	read(into?: number | ByteBuffer): number | ArrayBuffer | undefined;
	/** Takes everything or throws; returns the room left (undefined on a socket that has failed). */
	write(data: number | ByteBuffer, options?: WriteOptions): number | undefined;
	close(): void;
}

/** Callbacks get the socket as `this`; counts are totals (all that can be read, all that can be written). */
export interface SocketOptions {
	address?: string;
	host?: string;
	port?: number;
	onReadable?(this: unknown, count: number): void;
	onWritable?(this: unknown, count: number): void;
	onError?(this: unknown, error?: unknown): void;
	[option: string]: unknown;
}
export type SocketConstructor = new (options: SocketOptions) => Socket;

export interface ResolveOptions {
	host: string;
	onResolved?(this: unknown, host: string, address: string): void;
	onError?(this: unknown, host?: string): void;
}
export interface Resolver {
	resolve(options: ResolveOptions): void;
	close?(): void;
}
export interface ResolverOptions {
	/** The class of the resolver's own datagram socket, where it uses one. */
	socket?: { io?: SocketConstructor; [option: string]: unknown };
	[option: string]: unknown;
}
export type ResolverConstructor = new (options: ResolverOptions) => Resolver;
