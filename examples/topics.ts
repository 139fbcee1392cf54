// Topics of the device profile: it can replace those that telemetry and attributes are published to. Give the same here; what is
// published to the default topics then is acknowledged and lost.
import { server, token } from "examples/settings";
import TBClient from "tbclient";

new TBClient({
	...server,
	token,
	topics: { telemetry: "plant/7/telemetry", attributes: "plant/7/attributes" },
	onConnected() {
		this.sendTelemetry({ temperature: 21.5 });
		this.sendAttributes({ line: 7 }, (error) => trace(`both: ${error ?? "acknowledged"}\n`));
	},
	onDisconnected: (error) => trace(`${error}\n`),
});
