// TLS: the server must show a certificate that the given authority signed, for the host that was asked for. Nothing else is accepted, and a
// wrong one is told as TB_TLS. The authority's certificate is DER, here from NVS.
import { server, setting, token } from "examples/settings";
import device from "host/device";
import Store from "host/store";
import TBClient from "tbclient";

const certificate = new Store("tb").get("ca") as ArrayBuffer;

new TBClient({
	...device.network.mqtts,
	host: server.host,
	port: Number(setting("tlsPort") || 8883),
	secure: { certificate },
	token,
	onConnected() {
		this.sendTelemetry({ encrypted: true }, (error) => trace(`telemetry: ${error ?? "acknowledged"}\n`));
	},
	onDisconnected: (error) => trace(`${error}\n`),
});
