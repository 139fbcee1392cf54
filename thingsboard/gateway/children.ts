import type { Device } from "../devices.ts";
import { UnmappedError } from "../errors.ts";
import { reason } from "../mqtt/reasons.ts";
import type { Session } from "../mqtt/session.ts";
import { Child } from "./child.ts";

/** How often the server looks for idle sub-sessions, milliseconds. */
const idleCheck = 3000;
/** Longest name of a device, characters. */
const maxName = 255;

/** A sub-device that cannot be connected. */
export class ConnectError extends Error {
	/** Whether the tenant has as many devices as it may. */
	readonly limit: boolean;

	constructor(message: string, limit = false) {
		super(message);
		this.limit = limit;
	}
}

type Waiting = { ready(child: Child): void; failed(error: ConnectError): void };

/** The sub-sessions of one gateway connection, by the names they were opened with. */
export class Children {
	#gateway: Session;
	#open = new Map<string, Child>();
	#opening = new Map<string, Waiting[]>();
	#ended = false;

	constructor(gateway: Session) {
		this.#gateway = gateway;
		this.#watch();
	}

	/**
	 * Gives the sub-session of that name; at once when it is open, else when its device is found or made. Throws `UnmappedError`
	 * when a rate limit forbids to ask.
	 */
	with(
		name: string,
		type: string,
		ready: (child: Child) => void,
		failed: (error: ConnectError) => void,
	): void {
		const open = this.#open.get(name);
		const waiting = this.#opening.get(name);
		if (open) ready(open);
		else if (waiting) waiting.push({ ready, failed });
		else {
			if (!this.#admit()) throw new UnmappedError(`connecting ${name}: the gateway's rate limit is reached`);
			this.#opening.set(name, [{ ready, failed }]);
			// The core goes on even when the gateway's connection ends meanwhile.
			this.#gateway.core.clock.after(0, () => this.#connect(name, type));
		}
	}

	/** Ends a sub-session; one that is not open is fine. */
	disconnect(name: string): void {
		this.#open.get(name)?.leave();
		this.#open.delete(name);
	}

	/** Notes activity of all. */
	touch(): void {
		for (const child of this.#open.values()) child.touch();
	}

	/** The gateway's connection is over. What it has said is still stored, but no sub-session lives on. */
	end(): void {
		this.#ended = true;
		for (const name of [...this.#open.keys()]) this.disconnect(name);
	}

	#connect(name: string, type: string): void {
		const waiting = this.#opening.get(name) ?? [];
		this.#opening.delete(name);
		try {
			const child = this.#child(name, type);
			for (const { ready } of waiting) ready(child);
		} catch (error) {
			if (!(error instanceof ConnectError)) throw error;
			for (const { failed } of waiting) failed(error);
		}
	}

	#child(name: string, type: string): Child {
		const { core, device: gateway } = this.#gateway;
		const device = core.devices.byName(name) ?? this.#create(name, type);
		const info = typeof device.info.additionalInfo === "object" ? device.info.additionalInfo : {};
		device.info = { ...device.info, additionalInfo: { ...info, lastConnectedGateway: gateway.id } };
		const child = new Child(this.#gateway, device, name);
		if (!this.#ended) this.#keep(child);
		return child;
	}

	/** A registration that meets a rate limit leaves the core without the session: the sub-device can speak, and hears nothing. */
	#keep(child: Child): void {
		child.onEnded = () => this.#open.delete(child.name);
		this.#open.set(child.name, child);
		if (this.#admit()) this.#take(child);
	}

	/** The device's older session, a direct one or another gateway's, ends a moment later. All pending calls come again. */
	#take(child: Child): void {
		const older = child.device.session;
		child.device.session = child;
		child.device.rpc.deliverAll(child);
		if (older)
			this.#gateway.core.clock.after(0, () => older.close("taken over by a gateway", reason.takenOver));
		child.strike();
	}

	/** A device that a gateway makes belongs to the gateway's customer. */
	#create(name: string, type: string): Device {
		const { core, device: gateway } = this.#gateway;
		for (const text of [name, type])
			if (!text || text.length > maxName)
				throw new ConnectError(`connect: expected a name of 1 to ${maxName} characters, got ${text.length}`);
		if (core.deviceLimit.reached(name))
			throw new ConnectError(`connect ${name}: the tenant has as many devices as it may`, true);
		const device = core.devices.create({ name, type });
		device.customerId = gateway.customerId;
		return device;
	}

	#admit(): boolean {
		const { core, device } = this.#gateway;
		return core.limits.admit({ device, isGateway: false, gateway: device });
	}

	/** Idle sub-sessions are dropped without a word: no more calls and updates until something comes for the device. */
	#watch(): void {
		const { core, clock } = this.#gateway;
		for (const [name, child] of [...this.#open])
			if (child.idle >= core.settings.inactivity) this.disconnect(name);
		clock.after(idleCheck, () => this.#watch());
	}
}
