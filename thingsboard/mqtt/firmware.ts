import type { IPublishPacket } from "mqtt-packet";
import type { Device } from "../devices.ts";
import { UnmappedError } from "../errors.ts";
import { type Kind, targetOf } from "../offers.ts";
import { reason } from "./reasons.ts";
import type { Session } from "./session.ts";
import { javaInt } from "./topics.ts";

/** A chunk request as its topic names it. */
export interface ChunkRequest {
	prefix: Kind;
	/** Digits of any length. */
	request: string;
	index: string;
}

/** Serves firmware chunks to one connection (MqttTransportHandler.getOtaPackageCallback). */
export class Firmware {
	#session: Session;
	/** requestId to package, for the life of the connection; `fw` and `sw` share it. */
	#targets = new Map<string, string>();
	/** requestId to the last chunk size that was named. */
	#sizes = new Map<string, number>();

	constructor(session: Session) {
		this.#session = session;
	}

	/** Answers one request; throws `UnmappedError` when the server would close without a word. */
	handle(packet: IPublishPacket, { prefix, request, index }: ChunkRequest): void {
		const size = this.#size(request, packet.payload.toString());
		const chunk = javaInt(index);
		if (chunk === undefined) throw new UnmappedError(`chunk index: expected up to 2147483647, got ${index}`);
		if (size > this.#session.core.settings.maxPayload) {
			this.#fail("PAYLOAD_TOO_LARGE");
			return;
		}
		const topic = `v2/${prefix}/response/${request}/chunk/${chunk}`;
		const target = this.#targets.get(request);
		if (target) this.#answer(packet, target, size, chunk, topic);
		else this.#session.clock.after(0, () => this.#first(packet, { prefix, request, index }, size, topic));
	}

	/** Chunk size in decimal text; empty, 0 and negative mean the remembered one, 0 when there is none. */
	#size(request: string, text: string): number {
		const size = text === "" ? 0 : javaInt(text);
		if (size === undefined)
			throw new UnmappedError(`chunk size: expected decimal digits, got ${JSON.stringify(text)}`);
		if (size > 0) this.#sizes.set(request, size);
		return size > 0 ? size : (this.#sizes.get(request) ?? 0);
	}

	/** The core is asked once per requestId which package is meant; a later change of target is not noticed. */
	#first(
		packet: IPublishPacket,
		{ prefix, request, index }: ChunkRequest,
		size: number,
		topic: string,
	): void {
		if (!this.#session.admitted()) {
			this.#session.close("firmware request: rate limit exceeded", reason.implementation);
			return;
		}
		const { packages } = this.#session.core;
		const target = packages.byId(targetOf(this.#session.device, prefix) ?? "");
		if (!target || target.url) {
			this.#fail(target ? "FAILURE" : "NOT_FOUND");
			return;
		}
		packages.load(target);
		this.#targets.set(request, target.id);
		this.#answer(packet, target.id, size, Number(index), topic);
	}

	/** PUBACK first, then the bytes. */
	#answer(packet: IPublishPacket, target: string, size: number, index: number, topic: string): void {
		const { core, device } = this.#session;
		this.#session.ackNow(packet);
		const chunk = core.packages.chunk(target, size, index);
		if (chunk) this.#session.publish(topic, bent(device, chunk));
	}

	/** Errors of software go out under `fw` too, and end the connection. */
	#fail(text: string): void {
		this.#session.publishText("v2/fw/error", text);
		this.#session.close(`firmware request: ${text}`, reason.implementation);
	}
}

/** The chunk, or a copy with one flipped byte when the fault `corrupt` is armed and the chunk has bytes. */
function bent({ faults }: Device, chunk: Uint8Array): Uint8Array {
	if (!chunk.length || !faults.take("corrupt")) return chunk;
	const copy = Uint8Array.from(chunk);
	const middle = copy.length >> 1;
	copy[middle] = (copy[middle] ?? 0) ^ 0xff;
	return copy;
}
