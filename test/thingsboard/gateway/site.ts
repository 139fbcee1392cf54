// A server with a gateway, and the gateway's connection.
import type { Settings } from "../../../thingsboard/core.ts";
import type { Device } from "../../../thingsboard/devices.ts";
import { deepEqual, equal } from "../../assert.ts";
import { type Bench, bench, online, type Peer } from "../server.ts";

export interface GatewaySite extends Bench {
	gateway: Device;
	peer: Peer;
	/** Publishes to `v1/gateway/{topic}`: objects as JSON, text and bytes as they are. */
	say(topic: string, payload: object | string, messageId?: number): void;
	/** `say`, and its PUBACK. */
	tell(topic: string, payload: object | string): Promise<void>;
	/** The next message to the gateway, parsed. */
	heard(): Promise<{ topic: string; json: unknown }>;
	/** A device by name; it must exist. */
	named(name: string): Device;
	/** Latest value of a key, as text. */
	latest(name: string, key: string): string | undefined;
}

/** Starts a server whose device `gw` is a connected gateway. */
export async function site(settings: Partial<Settings> = {}, connect: object = {}): Promise<GatewaySite> {
	const at = await bench(settings);
	const gateway = at.server.core.devices.create({ name: "gw", additionalInfo: { gateway: true } }, "gw");
	const peer = await online(at, { username: "gw", ...connect });
	const say = (topic: string, payload: object | string, messageId = 7) =>
		peer.publish(
			`v1/gateway/${topic}`,
			typeof payload === "string" ? payload : JSON.stringify(payload),
			1,
			messageId,
		);
	const named = (name: string) => {
		const device = at.server.core.devices.byName(name);
		if (!device) throw new Error(`expected a device ${name}, there is none`);
		return device;
	};
	return {
		...at,
		gateway,
		peer,
		say,
		async tell(topic, payload) {
			say(topic, payload);
			equal(await peer.kind(), "puback 7");
		},
		async heard() {
			const { topic, text } = await peer.message();
			return { topic, json: JSON.parse(text) };
		},
		named,
		latest: (name, key) => named(name).series.get(key)?.at(-1)?.value.text,
	};
}

/** Publishes what the server acknowledges and then closes for. */
export async function punished(at: GatewaySite, topic: string, payload: object | string): Promise<void> {
	at.say(topic, payload);
	deepEqual([await at.peer.kind(), await at.peer.kind()], ["puback 7", "closed"]);
}
