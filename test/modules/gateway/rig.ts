// One gateway for the specs, over an MQTT client whose server the spec plays. What is called back goes to `log`.
import "../../setup.ts";
import TBGateway, { type TBGatewayOptions } from "gateway";
import type { TBClientOptions } from "tbclient";
import type { TBError } from "tbclient/errors";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT, type Written } from "../../fakes/mqtt.ts";
import { client, log, make, begin as reset } from "../tbclient/rig.ts";

export { client, log, note } from "../tbclient/rig.ts";

/** The gateway made last. */
export let gateway: TBGateway;
/** The connection made last. */
export const mqtt = (): FakeMQTT => FakeMQTT.last;

export const begin = reset;

/** A gateway whose client has not connected yet. */
export function build(
	options: Partial<TBGatewayOptions> = {},
	over: Partial<TBClientOptions> = {},
): TBGateway {
	make(over);
	gateway = new TBGateway({
		client,
		sessionLimits: false,
		onConnected: (device) => void log.push(`child ${device} connected`),
		onDisconnected: (device, reason) => void log.push(`child ${device} ${reason}`),
		onRenamed: (device, oldName) => void log.push(`${oldName} is ${device}`),
		onDeleted: (device) => void log.push(`${device} deleted`),
		onAttributes: (device, values, deleted) =>
			void log.push(`attributes ${device} ${JSON.stringify(values)} ${deleted}`),
		onError: (error) => void log.push(`gateway ${error}`),
		...options,
	});
	return gateway;
}

/** The client connects, and its subscriptions are granted. */
export function up(): FakeMQTT {
	for (let i = 0; i < 100 && (!FakeMQTT.made.length || FakeMQTT.last.closed); i++) clock.advance(1000);
	mqtt().accept();
	mqtt().grant();
	clock.advance(0);
	return mqtt();
}

/** A gateway that is connected, with connected children; the log is empty. */
export function live(
	children: string[] = ["A"],
	options: Partial<TBGatewayOptions> = {},
	over: Partial<TBClientOptions> = {},
): FakeMQTT {
	build(options, over);
	clock.advance(0);
	up();
	for (const name of children) gateway.connect(name);
	serve();
	mqtt().written.length = 0;
	log.length = 0;
	return mqtt();
}

/** What was published and not yet acknowledged, acknowledged; until nothing more comes. Returns all of it. */
export function serve(): string[] {
	const seen: string[] = [];
	for (let round = 0; round < 200; round++) {
		clock.advance(0);
		const fresh = pending();
		if (!fresh.length) return seen;
		for (const packet of fresh) {
			seen.push(`${short(packet.topic)} ${packet.text}`);
			ack(packet);
		}
	}
	throw new Error(`it never ends: ${seen.slice(-3)}`);
}

const acknowledged = new WeakSet<Written>();

/** Acknowledges one message. */
export function ack(packet: Written | undefined): void {
	if (!packet) throw new Error("ack: nothing was published");
	acknowledged.add(packet);
	mqtt().ack(packet.id);
	clock.advance(0);
}

/** Messages on gateway topics that wait for their PUBACK. */
export const pending = (): Written[] =>
	mqtt().published.filter((one) => one.QoS && one.topic?.startsWith("v1/gateway") && !acknowledged.has(one));

/** Topic and text of those. */
export const waiting = (): string[] => pending().map(({ topic, text }) => `${short(topic)} ${text}`);

const short = (topic = ""): string => topic.replace("v1/gateway/", "");

/** A message of the server on a gateway topic. */
export const deliver = (topic: string, payload: unknown): void =>
	mqtt().deliver(`v1/gateway/${topic}`, typeof payload === "string" ? payload : JSON.stringify(payload));

/** A completion with the error's text. */
export const told = (name: string) => (error: TBError | null) => void log.push(`${name} ${error ?? "done"}`);
