// The network of the simulator: the SDK's own MQTT client and sockets inside our guards.

import TCP from "embedded:io/socket/tcp";
import TLSSocket from "embedded:io/socket/tcp/tls";
import UDP from "embedded:io/socket/udp";
import Resolver from "embedded:network/dns/resolver/udp";
import MQTTClient from "embedded:network/mqtt/client";
import { File } from "file";
import { guardMQTTClient } from "guards/mqtt-client";
import MQTTSocket from "guards/mqtt-socket";
import { guardResolver } from "guards/resolver";
import { guardTCP } from "guards/tcp";
import { guardTLS } from "guards/tls";
import type { ResolverConstructor, SocketConstructor } from "guards/types";
import type { Device, MQTTClientConstructor } from "host/contract";

const Servers = "/etc/resolv.conf";

/** Name servers of this machine; the SDK's resolver asks over IPv4 only. Literal addresses and localhost need none. */
function nameServers(): string[] {
	if (!File.exists(Servers)) return [];
	const file = new File(Servers);
	try {
		return [...file.read(String).matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)/gm)].flatMap(
			([, address]) => address ?? [],
		);
	} finally {
		file.close();
	}
}

const io = guardMQTTClient(MQTTClient as unknown as MQTTClientConstructor); // the SDK's typings disagree with its code (docs/sdk.md)
const plain = TCP as unknown as SocketConstructor;
const tls = TLSSocket as unknown as SocketConstructor;
const dns = {
	io: guardResolver(Resolver as unknown as ResolverConstructor),
	servers: nameServers(),
	socket: { io: UDP },
};

const device: Device = {
	network: {
		mqtt: { io, dns, socket: { io: MQTTSocket, base: { io: guardTCP(plain) } } },
		mqtts: { io, dns, socket: { io: MQTTSocket, base: { io: guardTLS(tls, plain) }, secure: {} } },
	},
};

/** `host/device` of the simulator. */
export default device;
