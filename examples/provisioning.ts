// Provisioning: a device that has no credentials yet gets some, keeps them, and gets others when they are revoked. Key and secret are the
// device profile's; they are the same in every device and belong into NVS, not into the image.
import { server, setting } from "examples/settings";
import Store from "host/store";
import TBClient from "tbclient";
import Provisioning from "tbclient/provisioning";

let client: TBClient | undefined;

const provisioning = new Provisioning({
	...server,
	store: new Store("tbcred"),
	key: setting("key"),
	secret: setting("secret"),
	deviceName: setting("name"),
	onCredentials(credentials) {
		client?.close();
		client = new TBClient({
			...server,
			...credentials,
			onConnected() {
				provisioning.accepted();
				this.sendTelemetry({ provisioned: true }, (error) =>
					trace(`telemetry: ${error ?? "acknowledged"}\n`),
				);
			},
			onDisconnected: (error) => provisioning.refused(error),
		});
	},
	onError: (error) => trace(`${error}\n`),
});
