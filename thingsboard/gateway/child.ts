import type { Device, DeviceSession } from "../devices.ts";
import { deliver } from "../faults/calls.ts";
import type { Session } from "../mqtt/session.ts";
import type { Delivery } from "../rpc.ts";
import { callMessage, updateMessage } from "./answers.ts";
import { protobuf } from "./encoding.ts";
import { callBytes, updateBytes } from "./protobuf-down.ts";

/** A sub-device's session: its own activity and interests, over the gateway's connection. */
export class Child implements DeviceSession {
	readonly device: Device;
	/** The name it was opened with; a rename changes nothing here. */
	readonly name: string;
	/** Connecting subscribes to both. */
	readonly wantsAttributes = true;
	readonly wantsRpc = true;
	/** Called when somebody else ends the session: a newer one of the device, or its deletion. */
	onEnded: () => void = () => undefined;
	#gateway: Session;
	#active: number;

	constructor(gateway: Session, device: Device, name: string) {
		this.#gateway = gateway;
		this.device = device;
		this.name = name;
		this.#active = gateway.clock.now();
	}

	/** How long nothing came for this device, milliseconds. The gateway's own activity does not count. */
	get idle(): number {
		return this.#gateway.clock.now() - this.#active;
	}

	touch(): void {
		this.#active = this.#gateway.clock.now();
	}

	publishAttributes(text: string): void {
		const bytes = protobuf(this.#gateway)
			? updateBytes(this.name, text, this.#gateway.clock.now())
			: Buffer.from(updateMessage(this.name, text));
		this.#gateway.publish("v1/gateway/attributes", bytes);
	}

	/** The gateway's PUBACK is not tracked for its sub-devices: `delivery` is never told. */
	publishRpc(id: number, text: string, _delivery?: Delivery): 0 | 1 {
		const bytes = protobuf(this.#gateway)
			? callBytes(this.name, id, text)
			: Buffer.from(callMessage(this.name, id, text));
		deliver(this.device.faults, this.#gateway.clock, () => this.#gateway.publish("v1/gateway/rpc", bytes));
		return this.#gateway.qos("v1/gateway/rpc");
	}

	publish(topic: string, payload: Uint8Array): void {
		this.#gateway.publish(topic, payload);
	}

	/** Ends the sub-session; the gateway is never told. */
	close(_why: string, _code?: number): void {
		this.leave();
		this.onEnded();
	}

	drop(why: string): void {
		this.close(why);
	}

	strike(): void {
		const id = this.device.faults.take("nextId");
		if (id !== undefined) this.#gateway.setNextId(id);
		if (this.device.faults.countDown("takeOver")) this.close("fault: takeOver");
	}

	silence(): void {
		this.close("fault: halfOpen");
	}

	/** The core forgets this session, unless a newer one has its place. */
	leave(): void {
		if (this.device.session === this) this.device.session = undefined;
	}
}
