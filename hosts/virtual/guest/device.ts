/** `host/device` of the virtual board: our MQTT client over the same guards as on the chip. */
import { guardMQTTClient } from "guards/mqtt-client";
import MQTTSocket from "guards/mqtt-socket";
import { guardResolver } from "guards/resolver";
import { guardTCP } from "guards/tcp";
import type { Device } from "host/contract";
import MQTTClient from "./mqtt.ts";
import Resolver from "./resolver.ts";
import TCP from "./tcp.ts";
import TLS from "./tls.ts";

const io = guardMQTTClient(MQTTClient);
const dns = { io: guardResolver(Resolver) };

const device: Device = {
	network: {
		mqtt: { io, dns, socket: { io: MQTTSocket, base: { io: guardTCP(TCP) } } },
		mqtts: { io, dns, socket: { io: MQTTSocket, base: { io: guardTCP(TLS) }, secure: {} } },
	},
};

export default device;
