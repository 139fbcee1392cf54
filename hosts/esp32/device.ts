// The network of the chip: the SDK's own MQTT client and sockets inside our guards.

import TCP from "embedded:io/socket/tcp";
import TLSSocket from "embedded:io/socket/tcp/tls";
import UDP from "embedded:io/socket/udp";
import Resolver from "embedded:network/dns/resolver/udp";
import MQTTClient from "embedded:network/mqtt/client";
import { guardMQTTClient } from "guards/mqtt-client";
import MQTTSocket from "guards/mqtt-socket";
import { guardResolver } from "guards/resolver";
import { guardTCP } from "guards/tcp";
import { guardTLS, TLSError } from "guards/tls";
import type { ResolverConstructor, SocketConstructor, SocketOptions } from "guards/types";
import type { Device, MQTTClientConstructor, TLSOptions } from "host/contract";
import config from "mc/config";
// biome-ignore lint/style/useNodejsImportProtocol: the SDK's module of that name
import Net from "net";

const io = guardMQTTClient(MQTTClient as unknown as MQTTClientConstructor); // the SDK's typings disagree with its code (docs/sdk.md)
const plain = TCP as unknown as SocketConstructor;

/**
 * The SDK's TLS as far as this target's memory goes. Signing with a key of the device's own takes 33 040 bytes of chunks in one piece
 * (docs/sdk.md). What does not fit ends the machine, which no handler catches: the chip would restart at every connection.
 */
class TLS extends (TLSSocket as unknown as SocketConstructor) {
	constructor(options: SocketOptions) {
		const { clientKey } = (options.secure ?? {}) as TLSOptions;
		if (clientKey && !config.clientKey)
			throw new TLSError(
				"client key: expected a target whose config has clientKey (docs/esp32.md), got none",
			);
		super(options);
	}
}

const dns = {
	io: guardResolver(Resolver as unknown as ResolverConstructor),
	/** DHCP's servers, known once the link is up, so asked anew for each connection. */
	get servers(): string[] {
		const known = Net.get("DNS").filter((address) => !address.includes(":")); // the resolver asks over IPv4
		return known.length ? known : ["1.1.1.1"];
	},
	socket: { io: UDP },
};

const device: Device = {
	network: {
		mqtt: { io, dns, socket: { io: MQTTSocket, base: { io: guardTCP(plain) } } },
		mqtts: { io, dns, socket: { io: MQTTSocket, base: { io: guardTLS(TLS, plain) }, secure: {} } },
	},
};

/** `host/device` of the chip. */
export default device;
