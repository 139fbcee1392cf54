// hosts/esp32/device.ts: which servers resolve names, and that TLS verifies unless told otherwise.
import type { Device } from "../../hosts/contract.ts";
import { deepEqual, equal, ok, throws } from "../assert.ts";
import config from "./fakes/config.ts";
import { dhcp } from "./fakes/net.ts";
import { fresh } from "./fresh.ts";

describe("ESP32 network", () => {
	let device: Device;
	before(async () => {
		device = await fresh<Device>("device.ts");
	});
	const servers = (): unknown => ({ ...device.network.mqtt.dns }).servers;

	it("asks DHCP's name servers, those of each connection anew", () => {
		dhcp.DNS = ["192.168.1.1", "fe80::1", "192.168.1.2"];
		deepEqual(servers(), ["192.168.1.1", "192.168.1.2"]);
		dhcp.DNS = ["10.0.0.1"];
		deepEqual(servers(), ["10.0.0.1"]);
	});

	it("has one to ask where DHCP names none, or none that the resolver can reach", () => {
		for (const DNS of [[], ["fe80::1"]]) {
			dhcp.DNS = DNS;
			deepEqual(servers(), ["1.1.1.1"]);
		}
	});

	it("offers TLS beside plain TCP, with nothing that turns verification off", () => {
		const { mqtt, mqtts } = device.network;
		equal(mqtt.socket.secure, undefined);
		ok(mqtts, "expected mqtts");
		deepEqual(mqtts.socket.secure, {});
	});

	it("signs with a key of its own only where the target has the memory: without, the machine would end", () => {
		const secure = { clientKey: new ArrayBuffer(8), clientCertificates: [new ArrayBuffer(8)] };
		type Base = { io: new (options: object) => unknown };
		const open = (options: object) =>
			new (device.network.mqtts.socket.base as Base).io({ host: "h", port: 8883, ...options });
		const error = throws(() => open({ secure }), "expected a target whose config has clientKey");
		equal(error.name, "TLSError");
		open({ secure: {} });
		config.clientKey = true;
		open({ secure });
		delete config.clientKey;
	});
});
