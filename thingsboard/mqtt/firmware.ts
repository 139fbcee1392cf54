import type { IPublishPacket } from "mqtt-packet";
import { UnmappedError } from "../errors.ts";
import { bent, struck } from "../faults/chunks.ts";
import { type Kind, targetOf } from "../offers.ts";
import { reason } from "./reasons.ts";
import type { Session } from "./session.ts";
import { javaInt } from "./topics.ts";

/** requestIds that one connection may have in mind; of more the oldest are forgotten. The server itself knows no limit. */
const maxRequests = 256;

/** A chunk request as its topic names it. */
export interface ChunkRequest {
	prefix: Kind;
	/** Digits of any length. */
	request: string;
	index: string;
}

interface Asked {
	packet: IPublishPacket;
	kind: Kind;
	request: string;
	/** Bytes of a chunk; 0 asks for the whole file. */
	size: number;
	index: number;
}

/** Serves firmware chunks to one connection (MqttTransportHandler.getOtaPackageCallback). */
export class Firmware {
	#session: Session;
	/** requestId to package, for the life of the connection; `fw` and `sw` share it. */
	#targets = new Map<string, string>();
	/** requestId to the last chunk size that was named. */
	#sizes = new Map<string, number>();
	/** Asked for before the first answer of their requestId. */
	#early: Asked[] = [];
	/** The latest answer. */
	#sent: { topic: string; bytes: Uint8Array } | undefined;

	constructor(session: Session) {
		this.#session = session;
	}

	/** Answers one request; throws `UnmappedError` when the server would close without a word. */
	handle(packet: IPublishPacket, { prefix: kind, request, index: digits }: ChunkRequest): void {
		const size = this.#size(request, packet.payload.toString());
		const index = javaInt(digits);
		if (index === undefined) throw new UnmappedError(`chunk index: expected up to 2147483647, got ${digits}`);
		if (size > this.#session.core.settings.maxPayload) {
			this.#fail("PAYLOAD_TOO_LARGE");
			return;
		}
		const asked = { packet, kind, request, size, index };
		const target = this.#targets.get(request);
		if (target) this.#answer(asked, target);
		else if (this.#early.push(asked) === 1) this.#session.clock.after(0, () => this.#answerEarly());
	}

	/** Chunk size in decimal text; empty, 0 and negative mean the remembered one, 0 when there is none. */
	#size(request: string, text: string): number {
		const size = text === "" ? 0 : javaInt(text);
		if (size === undefined)
			throw new UnmappedError(`chunk size: expected decimal digits, got ${JSON.stringify(text)}`);
		if (size > 0) remember(this.#sizes, request, size);
		return size > 0 ? size : (this.#sizes.get(request) ?? 0);
	}

	/** Another thread answers what is asked for before the first answer, so its order is not certain. */
	#answerEarly(): void {
		const early = this.#early.splice(0);
		if (this.#session.device.faults.take("reorderFirst")) early.reverse();
		for (const asked of early) {
			const target = this.#targets.get(asked.request);
			if (target) this.#answer(asked, target);
			else this.#first(asked);
		}
	}

	/** The core is asked once per requestId which package is meant; a later change of target is not noticed. */
	#first(asked: Asked): void {
		if (!this.#session.admitted()) {
			this.#session.close("firmware request: rate limit exceeded", reason.implementation);
			return;
		}
		const { packages } = this.#session.core;
		const target = packages.byId(targetOf(this.#session.device, asked.kind) ?? "");
		if (!target || target.url) {
			this.#fail(target ? "FAILURE" : "NOT_FOUND");
			return;
		}
		packages.load(target);
		remember(this.#targets, asked.request, target.id);
		this.#answer(asked, target.id);
	}

	/** PUBACK first, then the bytes. */
	#answer({ packet, kind, request, size, index }: Asked, target: string): void {
		const { core, device } = this.#session;
		this.#session.ackNow(packet);
		const chunk = core.packages.chunk(target, size, index);
		if (!chunk) return;
		const stale = this.#sent && device.faults.take("staleChunk") ? [this.#sent] : [];
		this.#sent = { topic: `v2/${kind}/response/${request}/chunk/${index}`, bytes: bent(device, chunk) };
		for (const { topic, bytes } of [...stale, this.#sent]) this.#session.publish(topic, bytes);
		struck(core, device, kind);
	}

	/** Errors of software go out under `fw` too, and end the connection. */
	#fail(text: string): void {
		this.#session.publishText("v2/fw/error", text);
		this.#session.close(`firmware request: ${text}`, reason.implementation);
	}
}

function remember<T>(known: Map<string, T>, request: string, value: T): void {
	known.set(request, value);
	const [oldest] = known.keys();
	if (known.size > maxRequests && oldest !== undefined) known.delete(oldest);
}
