// A device without credentials, which provisions itself. NVS `tb`: host, port, key, secret, name, and `own` (JSON): credentials that it
// brings along. With `ca` it speaks TLS, with `cert` and `certKey` it has a certificate.
import { server, setting } from "examples/settings";
import device from "host/device";
import Store from "host/store";
import TBClient from "tbclient";
import Provisioning, { type OwnCredentials } from "tbclient/provisioning";

const settings = new Store("tb");
const bytes = (name: string) => settings.get(name) as ArrayBuffer | undefined;
const [certificate, cert, clientKey] = [bytes("ca"), bytes("cert"), bytes("certKey")];
const network = certificate
	? {
			...device.network.mqtts,
			host: server.host,
			port: Number(setting("tlsPort")),
			secure: { certificate, ...(cert && clientKey && { clientCertificates: [cert], clientKey }) },
		}
	: server;
const own = setting("own");
let client: TBClient | undefined;

const provisioning = new Provisioning({
	...network,
	store: new Store("tbcred"),
	key: setting("key"),
	secret: setting("secret"),
	deviceName: setting("name"),
	...(own && { credentials: JSON.parse(own) as OwnCredentials }),
	onCredentials(credentials) {
		trace(`given ${Object.keys(credentials)}\n`);
		client?.close();
		client = new TBClient({
			...network,
			...credentials,
			onConnected() {
				provisioning.accepted();
				this.sendTelemetry({ alive: true }, (error) => trace(`telemetry ${error ?? "acknowledged"}\n`));
			},
			onDisconnected: (error) => provisioning.refused(error),
		});
	},
	onError: (error) => trace(`${error}\n`),
});
