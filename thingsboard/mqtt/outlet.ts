import type { Packet, Version } from "./packets.ts";

/** What a session needs of its connection. */
export interface Outlet {
	readonly version: Version;
	/** Whole packets; several leave in one write. */
	send(...packets: Uint8Array[]): void;
	/** Ends the connection; MQTT 5 hears `code` in a DISCONNECT first. */
	close(why: string, code: number): void;
	/** Ends the connection without a word. */
	drop(why: string): void;
	/** Ends the connection because of something that was not expected. */
	fail(error: unknown): void;
	/** Lets the connection be half-open from now on. */
	silence(): void;
}

/** A connection after its CONNACK: a device's, or one for provisioning. */
export interface MqttSession {
	/** One packet that is no CONNECT. `waited`: it came before CONNACK. What it throws ends the connection. */
	receive(packet: Packet, waited?: boolean): void;
	/** The connection is gone. */
	end(): void;
}
