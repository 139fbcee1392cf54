// The gateway API: one connection that speaks for many devices (AbstractGatewaySessionHandler).
import type { IPublishPacket } from "mqtt-packet";
import { PayloadError, StructureError } from "../errors.ts";
import { answer } from "../faults/calls.ts";
import type { Json } from "../json.ts";
import { reason } from "../mqtt/reasons.ts";
import type { Session } from "../mqtt/session.ts";
import { ProtobufError } from "../protobuf.ts";
import { typedMembers } from "../values.ts";
import { attributesAnswer } from "./answers.ts";
import type { Child } from "./child.ts";
import { Children, type ConnectError } from "./children.ts";
import { protobuf } from "./encoding.ts";
import {
	type AttributesQuestion,
	isArray,
	isObject,
	readAnswer,
	readClaim,
	readConnect,
	readElements,
	readEntries,
	readQuestion,
} from "./messages.ts";
import { answerBytes } from "./protobuf-down.ts";
import { answerOfGateway, jsonOfGateway } from "./protobuf-up.ts";
import { Receipt } from "./receipt.ts";

/** The gateway's side of its connection. */
export class Gateway {
	#session: Session;
	#children: Children;
	#topics: Record<string, (packet: IPublishPacket, text: string) => void> = {
		"v1/gateway/connect": (packet, text) => this.#connect(packet, text),
		"v1/gateway/disconnect": (packet, text) => this.#disconnect(packet, text),
		"v1/gateway/telemetry": (packet, text) => this.#telemetry(packet, text),
		"v1/gateway/attributes": (packet, text) => this.#attributes(packet, text),
		"v1/gateway/claim": (packet, text) => this.#claim(packet, text),
		"v1/gateway/attributes/request": (packet, text) => this.#question(packet, text),
		"v1/gateway/rpc": (packet, text) => this.#answer(packet, text),
	};

	constructor(session: Session) {
		this.#session = session;
		this.#children = new Children(session);
		session.onEnd.push(() => this.#children.end());
	}

	/** Handles a publish to `v1/gateway…`; another topic of that prefix is acknowledged and lost. Throws as `errors.ts` says. */
	handle(packet: IPublishPacket): void {
		const handler = Object.hasOwn(this.#topics, packet.topic) ? this.#topics[packet.topic] : undefined;
		if (!handler) this.#session.ack(packet, reason.topicNameInvalid);
		else if (protobuf(this.#session)) this.#handleProtobuf(packet, handler);
		else handler(packet, packet.payload.toString());
		this.#session.touch();
	}

	/** Whatever is wrong with protobuf is a payload that cannot be read. */
	#handleProtobuf(packet: IPublishPacket, handler: (packet: IPublishPacket, text: string) => void): void {
		try {
			handler(packet, jsonOfGateway(packet.topic, packet.payload as Buffer, this.#session.clock.now()));
		} catch (error) {
			const known = [ProtobufError, StructureError, SyntaxError].some((kind) => error instanceof kind);
			throw known ? new PayloadError((error as Error).message) : error;
		}
	}

	/** PINGREQ keeps sub-devices alive only where the gateway's `overwriteActivityTime` says so. */
	ping(): void {
		const info = this.#session.device.info.additionalInfo as { overwriteActivityTime?: unknown } | null;
		if (info?.overwriteActivityTime === true) this.#children.touch();
	}

	#connect(packet: IPublishPacket, text: string): void {
		const { device, type } = readConnect(text);
		const receipt = new Receipt(this.#session, packet);
		this.#children.with(
			device,
			type,
			() => receipt.done(device),
			(error) => refuse(receipt, error),
		);
	}

	#disconnect(packet: IPublishPacket, text: string): void {
		this.#children.disconnect(readConnect(text).device);
		this.#session.ack(packet);
	}

	#telemetry(packet: IPublishPacket, text: string): void {
		const { core, device: gateway } = this.#session;
		this.#each(packet, readEntries(text, isArray), (child, elements) => {
			const now = core.clock.now();
			const { rows, latencies } = readElements(elements, now);
			core.gatewayMetrics.add(gateway, latencies, now);
			const points = rows.reduce((sum, { values }) => sum + values.size, 0);
			return { points, nothing: !rows.length, act: () => child.device.store(rows) };
		});
	}

	#attributes(packet: IPublishPacket, text: string): void {
		this.#each(packet, readEntries(text, isObject), (child, members) => {
			const values = typedMembers(members);
			return { points: values.size, act: () => child.device.saveAttributes("CLIENT_SCOPE", values) };
		});
	}

	#claim(packet: IPublishPacket, text: string): void {
		this.#each(packet, readEntries(text, isObject), (child, members) => {
			const { secretKey, durationMs } = readClaim(members);
			return {
				points: 0,
				act: () => this.#session.core.claims.register(child.device, secretKey, durationMs),
			};
		});
	}

	#question(packet: IPublishPacket, text: string): void {
		const question = readQuestion(text);
		const receipt = new Receipt(this.#session, packet);
		const ready = (child: Child) => {
			if (!this.#admit(child, 0, receipt)) return;
			receipt.done(child.name);
			const answer = () => this.#answerQuestion(child, question);
			this.#session.clock.after(0, answer);
		};
		const failed = () => receipt.refuse(reason.implementation);
		this.#children.with(question.device, "default", ready, failed);
	}

	#answerQuestion({ device, name }: Child, asked: AttributesQuestion): void {
		const question = { ...asked, device: name };
		const bytes = protobuf(this.#session)
			? answerBytes(device, question, this.#session.clock.now())
			: Buffer.from(attributesAnswer(device, question));
		answer(device.faults, this.#session.clock, () =>
			this.#session.publish("v1/gateway/attributes/response", bytes),
		);
	}

	#answer(packet: IPublishPacket, text: string): void {
		const read = () => answerOfGateway(packet.payload as Buffer);
		const { device, id, data } = protobuf(this.#session) ? read() : readAnswer(text);
		const receipt = new Receipt(this.#session, packet);
		const ready = (child: Child) => {
			if (!this.#admit(child, 0, receipt)) return;
			child.device.rpc.reply(id, data);
			receipt.done(child.name);
		};
		this.#children.with(device, "default", ready, (error) => refuse(receipt, error));
	}

	/** Lets every device of a message take its part; one acknowledgement when all have. */
	#each<T extends Json>(
		packet: IPublishPacket,
		entries: [string, T][],
		read: (child: Child, value: T) => Part,
	): void {
		const receipt = new Receipt(this.#session, packet, entries.length);
		for (const [name, value] of entries) {
			const ready = (child: Child) => this.#part(child, receipt, () => read(child, value));
			this.#children.with(name, "default", ready, (error) => refuse(receipt, error));
		}
	}

	#part(child: Child, receipt: Receipt, read: () => Part): void {
		let part: Part;
		try {
			part = read();
		} catch (error) {
			receipt.bad(`${child.name}: ${(error as Error).message}`);
			return;
		}
		if (part.nothing || !this.#admit(child, part.points, receipt)) return;
		part.act();
		receipt.done(child.name);
	}

	/** All that is said for a sub-device keeps it alive and costs the gateway. */
	#admit(child: Child, points: number, receipt: Receipt): boolean {
		const { core, device } = this.#session;
		const admitted = core.limits.admit({ device: child.device, isGateway: false, gateway: device }, points);
		if (admitted) child.touch();
		else receipt.quota(child.name);
		return admitted;
	}
}

/** What one device of a message brings; an empty list of telemetry (`nothing`) is never acknowledged. */
interface Part {
	points: number;
	nothing?: boolean;
	act(): void;
}

const refuse = (receipt: Receipt, { limit }: ConnectError): void =>
	receipt.refuse(limit ? reason.quotaExceeded : reason.unspecified);
