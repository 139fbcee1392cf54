import type { IConnectPacket } from "mqtt-packet";
import { ServerClock } from "../clock.ts";
import type { WireTrace } from "../console/wire-log.ts";
import type { Core } from "../core.ts";
import { type Device, isGateway } from "../devices.ts";
import { provisionByChain } from "../provisioning/chain.ts";
import { valid } from "../tls/chain.ts";
import { FrameError, FrameGate } from "./frames.ts";
import { Link } from "./link.ts";
import type { MqttSession, Outlet } from "./outlet.ts";
import { connack, disconnect, type Packet, PacketReader, type Version } from "./packets.ts";
import { ProvisionSession, provisionName } from "./provision.ts";
import { type ConnackCode, connackCode, reason } from "./reasons.ts";
import { Session } from "./session.ts";
import type { Wire } from "./wire.ts";

/** One MQTT connection from its first byte to its end. */
export class Connection implements Outlet {
	#core: Core;
	#wire: Wire;
	#link: Link;
	#gate: FrameGate;
	#trace: WireTrace;
	#clock: ServerClock;
	#reader = new PacketReader();
	#early: Packet[] = [];
	#session: MqttSession | undefined;
	#closed = false;
	/** Called once when the connection is over. */
	onClosed: () => void = () => undefined;

	constructor(core: Core, wire: Wire) {
		this.#core = core;
		this.#wire = wire;
		this.#clock = new ServerClock(core.clock, (error) => this.fail(error));
		this.#trace = core.wire.open();
		this.#gate = new FrameGate(core.settings.maxPayload);
		this.#link = new Link(core.clock, wire);
		this.#link.onBytes = (bytes) => this.#guard(() => this.#take(bytes));
		this.#link.onGone = () => this.drop("the other side is gone");
		this.#link.onCut = (why) => this.drop(`fault: ${why}`);
	}

	get version(): Version {
		return this.#reader.version ?? 4;
	}

	send(...packets: Uint8Array[]): void {
		if (this.#closed) return;
		for (const packet of packets) this.#trace.sent(packet);
		const [only] = packets;
		this.#link.write(packets.length === 1 && only ? only : Buffer.concat(packets));
	}

	close(why: string, code: number): void {
		if (this.version === 5) this.send(disconnect(code));
		this.drop(why);
	}

	silence(): void {
		this.#link.silence();
	}

	/** Ends the connection; what was sent still goes out. Twice is fine. */
	drop(why: string): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#core.log(`${this.#trace.device?.info.name ?? "unknown device"}: closed: ${why}`);
		this.#session?.end();
		this.#trace.closed(why);
		this.#clock.close();
		this.#link.close();
		this.onClosed();
	}

	#take(bytes: Uint8Array): void {
		for (const frame of this.#gate.push(bytes)) {
			if (this.#closed) return;
			this.#trace.received(frame);
			this.#receive(this.#reader.read(frame));
		}
	}

	fail(error: unknown): void {
		if (error instanceof FrameError) this.close(error.message, reason.malformed);
		else this.close(`unexpected: ${(error as Error)?.stack}`, reason.serverBusy);
	}

	/** Anything thrown on the way ends the connection. */
	#guard(action: () => void): void {
		try {
			action();
		} catch (error) {
			this.fail(error);
		}
	}

	#receive(packet: Packet): void {
		if (packet.cmd === "connect") this.#connect(packet);
		else if (this.#session) this.#session.receive(packet);
		else if (this.#early.push(packet) > this.#core.settings.queueLimit)
			this.close(
				`before CONNACK: expected at most ${this.#core.settings.queueLimit} packets`,
				reason.quotaExceeded,
			);
	}

	/** Authentication takes a moment; what comes meanwhile waits. Provisioning checks nothing and is open at once. */
	#connect(packet: IConnectPacket): void {
		const provisioning = packet.username === provisionName || packet.clientId === provisionName;
		if (provisioning) this.#provision(packet);
		else this.#clock.after(0, () => this.#authenticate(packet));
	}

	#provision(packet: IConnectPacket): void {
		this.#session?.end();
		this.#open(packet, new ProvisionSession(this.#core, this));
	}

	#authenticate(packet: IConnectPacket): void {
		const device = this.#recognise(packet);
		this.#trace.device = device;
		this.#link.faults = device?.faults;
		const { address, chain } = this.#wire;
		if (address) this.#core.addresses[device ? "succeeded" : "failed"](address);
		if (device) this.#greet(packet, device);
		else this.#refuse(packet, chain?.length ? connackCode.notAuthorized : refusal(packet));
	}

	/** Dates are compared with the real date: that is what certificates are made with, whatever clock runs the protocol. */
	#recognise({ username: userName, password, clientId }: IConnectPacket): Device | undefined {
		const { chain = [] } = this.#wire;
		const [certificate] = chain;
		if (certificate && !valid(certificate, Date.now())) return undefined;
		if (certificate) provisionByChain(this.#core, chain);
		return this.#core.identify({ clientId, userName, password: password?.toString(), certificate });
	}

	/** A known device may still be refused: by a fault, by its profile's transport or by a rate limit. */
	#greet(packet: IConnectPacket, device: Device): void {
		const { type } = device.profile.transport;
		const fault = refusalFault(device);
		if (fault !== undefined) this.#refuse(packet, { v3: fault, v5: fault });
		else if (type !== "DEFAULT" && type !== "MQTT") this.#refuse(packet, connackCode.unavailable);
		else if (!this.#core.limits.admit({ device, isGateway: isGateway(device) }))
			this.#refuse(packet, connackCode.rateExceeded);
		else this.#login(packet, device);
	}

	/** The new session is the device's at once; the older one is closed after the new CONNACK. Nothing is ever resumed. */
	#login(packet: IConnectPacket, device: Device): void {
		this.#session?.end(); // a second CONNECT is authenticated again
		const older = device.session;
		const session = new Session(this.#core, device, this);
		device.session = session;
		const as = packet.clientId ? `as ${JSON.stringify(packet.clientId)}` : "without a client id";
		this.#core.log(`${device.info.name}: connected ${as}`);
		this.#open(packet, session);
		if (older)
			this.#core.clock.after(0, () => older.close("taken over by a newer session", reason.takenOver));
		session.strike();
	}

	/** Sends CONNACK and processes what came before it. Session-present is just the inverse of clean-session. */
	#open({ clean }: IConnectPacket, session: MqttSession): void {
		this.#session = session;
		const present = this.#link.faults?.take("sessionPresent") !== undefined || !clean;
		this.send(connack(present, connackCode.accepted.v3, this.version));
		for (const packet of this.#early.splice(0)) if (!this.#closed) session.receive(packet, true);
	}

	#refuse({ clean }: IConnectPacket, { v3, v5 }: ConnackCode): void {
		const code = this.version === 5 ? v5 : v3;
		this.send(connack(!clean, code, this.version));
		this.close(`refused with CONNACK ${code}`, code);
	}
}

/** The row for a CONNECT that names nobody we know. */
function refusal({ username, password, clientId }: IConnectPacket): ConnackCode {
	if (username || password) return connackCode.badUserName;
	return clientId.trim() ? connackCode.identifierRejected : connackCode.notAuthorized;
}

/** The code that an armed `refuse` asks for; uses it up after `refuseTimes`. */
function refusalFault({ faults }: Device): number | undefined {
	const code = faults.get("refuse");
	if (code !== undefined && (faults.get("refuseTimes") ?? 1) <= 1) faults.clear("refuse");
	if (code !== undefined) faults.countDown("refuseTimes");
	return code;
}
