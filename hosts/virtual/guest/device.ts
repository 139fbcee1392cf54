/** `host/device` of the virtual board: our MQTT client over the same guards as on the chip. */
import { guardMQTTClient } from "guards/mqtt-client";
import MQTTSocket from "guards/mqtt-socket";
import { guardResolver } from "guards/resolver";
import { guardTCP } from "guards/tcp";
import type { Device } from "host/contract";
import MQTTClient from "./mqtt.ts";
import Resolver from "./resolver.ts";
import TCP from "./tcp.ts";

const device: Device = {
	network: {
		mqtt: {
			io: guardMQTTClient(MQTTClient),
			dns: { io: guardResolver(Resolver) },
			socket: { io: MQTTSocket, base: { io: guardTCP(TCP) } },
		},
	},
};

export default device;
