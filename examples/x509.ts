// X.509 credentials: the device shows a certificate of its own instead of a token. The server knows it as credentials of type
// X509_CERTIFICATE. Certificates and key are DER (the key PKCS#8), here from NVS, where `npm run commission` puts such things.
import { server, setting } from "examples/settings";
import device from "host/device";
import Store from "host/store";
import TBClient from "tbclient";

const settings = new Store("tb");
const bytes = (name: string) => settings.get(name) as ArrayBuffer;

new TBClient({
	...device.network.mqtts,
	host: server.host,
	port: Number(setting("tlsPort") || 8883),
	secure: { certificate: bytes("ca"), clientCertificates: [bytes("cert")], clientKey: bytes("key") },
	onConnected() {
		this.sendTelemetry({ login: "x509" }, (error) => trace(`telemetry: ${error ?? "acknowledged"}\n`));
	},
	onDisconnected: (error) => trace(`${error}\n`),
});
