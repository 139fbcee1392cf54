// The least server a device can live with: it acknowledges, answers attribute requests and serves one firmware. It does so at once,
// so that what is measured is the device.
import { generate, type Packet, parser } from "mqtt-packet";
import type { Serve } from "./link.ts";

/** The answer to `getSessionLimits`, the only call there is. */
const unlimited = '{"rateLimits":{"messages":null,"telemetryMessages":null,"telemetryDataPoints":null}}';

/** One peer for one device. */
export class Peer {
	/** Served in chunks when asked for. */
	firmware: Uint8Array = new Uint8Array(0);
	/** While false, chunks that are asked for wait. */
	serving = true;
	/** Telemetry and attribute messages so far. */
	received = 0;
	/** Requests for chunks so far. */
	asked = 0;
	#send: (packet: Packet) => void = () => {};
	#waiting: (() => void)[] = [];

	/** For `Link`. */
	readonly serve: Serve = (send) => {
		const packets = parser({ protocolVersion: 4 });
		this.#send = (packet) => send(generate(packet));
		packets.on("packet", (packet: Packet) => this.#on(packet));
		return (data) => packets.parse(Buffer.from(data));
	};

	/** Sends a message to the device at QoS 0. */
	publish(topic: string, payload: string | Buffer): void {
		this.#send({ cmd: "publish", topic, payload, qos: 0, dup: false, retain: false });
	}

	/** Answers what waited, and all that follows. */
	release(): void {
		this.serving = true;
		for (const answer of this.#waiting.splice(0)) answer();
	}

	#on(packet: Packet): void {
		if (packet.cmd === "connect") this.#send({ cmd: "connack", returnCode: 0, sessionPresent: false });
		else if (packet.cmd === "pingreq") this.#send({ cmd: "pingresp" });
		else if (packet.cmd === "subscribe")
			this.#send({
				cmd: "suback",
				messageId: packet.messageId ?? 0,
				granted: packet.subscriptions.map(({ qos }) => qos),
			});
		else if (packet.cmd === "publish") {
			if (packet.qos) this.#send({ cmd: "puback", messageId: packet.messageId ?? 0 });
			this.#answer(packet.topic, packet.payload);
		}
	}

	#answer(topic: string, payload: string | Buffer): void {
		const attributes = /^v1\/devices\/me\/attributes\/request\/(\d+)$/.exec(topic);
		const call = /^v1\/devices\/me\/rpc\/request\/(\d+)$/.exec(topic);
		const chunk = /^v2\/fw\/request\/(\d+)\/chunk\/(\d+)$/.exec(topic);
		if (attributes) this.publish(`v1/devices/me/attributes/response/${attributes[1]}`, "{}");
		else if (call) this.publish(`v1/devices/me/rpc/response/${call[1]}`, unlimited);
		else if (chunk) {
			this.asked += 1;
			const size = Number(payload.toString()) || this.firmware.length; // none: the whole file (ThingsBoard 8.4)
			this.#chunk(`v2/fw/response/${chunk[1]}/chunk/${chunk[2]}`, Number(chunk[2]), size);
		} else this.received += 1;
	}

	#chunk(topic: string, index: number, size: number): void {
		const answer = () =>
			this.publish(topic, Buffer.from(this.firmware.subarray(index * size, (index + 1) * size)));
		if (this.serving) answer();
		else this.#waiting.push(answer);
	}
}
