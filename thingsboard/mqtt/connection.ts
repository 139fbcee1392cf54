import type { IConnectPacket } from "mqtt-packet";
import { ServerClock } from "../clock.ts";
import type { WireTrace } from "../console/wire-log.ts";
import type { Core } from "../core.ts";
import type { Device } from "../devices.ts";
import { takeBudget, takeRefusal } from "../faults.ts";
import { PayloadError } from "../telemetry.ts";
import { FrameError, FrameGate } from "./frames.ts";
import { connack, type Packet, PacketReader, pingresp } from "./packets.ts";
import { handlePublish } from "./publish.ts";
import { Session } from "./session.ts";
import type { Wire } from "./wire.ts";

/** CONNACK codes [MQTT 3.2.2.3] that ThingsBoard uses; 4 it never sends. */
const accepted = 0;
const identifierRejected = 2;
const notAuthorized = 5;

/** One MQTT connection from its first byte to its end. */
export class Connection {
	#core: Core;
	#wire: Wire;
	#gate: FrameGate;
	#trace: WireTrace;
	#clock: ServerClock;
	#reader = new PacketReader();
	#early: Packet[] = [];
	#session: Session | undefined;
	#device: Device | undefined;
	#closed = false;
	/** Called once when the connection is over. */
	onClosed: () => void = () => undefined;

	constructor(core: Core, wire: Wire) {
		this.#core = core;
		this.#wire = wire;
		this.#clock = new ServerClock(core.clock);
		this.#trace = core.wire.open();
		this.#gate = new FrameGate(core.settings.maxPayload);
		wire.onBytes = (bytes) => this.#guard(() => this.#take(bytes));
		wire.onGone = () => this.close("the other side is gone");
	}

	/** Sends bytes; an armed `dropAfterBytes` fault may cut them short. */
	send(bytes: Uint8Array): void {
		if (this.#closed) return;
		const allowed = takeBudget(this.#device?.faults ?? {}, bytes);
		this.#trace.sent(allowed.bytes);
		if (allowed.bytes.length) this.#wire.write(allowed.bytes);
		if (allowed.drop) this.close("fault: dropAfterBytes");
	}

	/** Ends the connection; what was sent still goes out. Twice is fine. */
	close(reason: string): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#core.log(`${this.#device?.info.name ?? "unknown device"}: closed: ${reason}`);
		this.#session?.end();
		this.#trace.closed(reason);
		this.#clock.close();
		this.#wire.close();
		this.onClosed();
	}

	#take(bytes: Uint8Array): void {
		for (const frame of this.#gate.push(bytes)) {
			if (this.#closed) return;
			this.#trace.received(frame);
			this.#receive(this.#reader.read(frame));
		}
	}

	/** Anything thrown on the way ends the connection without an answer: closing is the server's error signal. */
	#guard(action: () => void): void {
		try {
			action();
		} catch (error) {
			const known = error instanceof FrameError || error instanceof PayloadError;
			this.close(known ? error.message : `unexpected: ${(error as Error)?.stack}`);
		}
	}

	#receive(packet: Packet): void {
		if (packet.cmd === "connect") this.#connect(packet);
		else if (this.#session) this.#process(this.#session, packet);
		else if (this.#early.push(packet) > this.#core.settings.queueLimit)
			this.close(`before CONNACK: expected at most ${this.#core.settings.queueLimit} packets`);
	}

	#process(session: Session, packet: Packet): void {
		if (packet.cmd === "publish") handlePublish(session, packet);
		else if (packet.cmd === "subscribe") session.subscribe(packet);
		else if (packet.cmd === "unsubscribe") session.unsubscribe(packet);
		else if (packet.cmd === "disconnect") this.close("DISCONNECT");
		else if (packet.cmd === "pingreq") {
			session.touch();
			this.send(pingresp);
		}
	}

	/** Authentication takes a moment; what comes meanwhile waits. */
	#connect(packet: IConnectPacket): void {
		this.#clock.after(0, () => this.#guard(() => this.#authenticate(packet)));
	}

	#authenticate(packet: IConnectPacket): void {
		const device = packet.username ? this.#core.devices.byToken(packet.username) : undefined;
		const code = (device && takeRefusal(device.faults)) ?? (device ? accepted : refusal(packet));
		this.#device = this.#trace.device = device;
		if (device && code === accepted) this.#open(device, packet);
		else {
			this.send(connack(!packet.clean, code));
			this.close(`refused with CONNACK ${code}`);
		}
	}

	/** The new session is the device's at once; the older one is closed after the new CONNACK. Nothing is ever resumed. */
	#open(device: Device, packet: IConnectPacket): void {
		this.#session?.end(); // a second CONNECT is authenticated again
		const older = device.session;
		this.#session = new Session(this.#core, device, this);
		device.session = this.#session;
		this.#core.log(`${device.info.name}: connected as ${JSON.stringify(packet.clientId)}`);
		this.send(connack(!packet.clean, accepted)); // session-present is just the inverse of clean-session
		if (older) this.#core.clock.after(0, () => older.close("taken over by a newer session"));
		const early = this.#early.splice(0);
		for (const waiting of early) if (!this.#closed) this.#process(this.#session, waiting);
	}
}

/** Without user name and password a client id that matches nothing is "identifier rejected"; all else is "not authorized". */
function refusal({ username, password, clientId }: IConnectPacket): number {
	return !username && !password && clientId.trim() ? identifierRejected : notAuthorized;
}
