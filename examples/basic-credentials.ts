// Basic credentials: client id, user name and password instead of an access token, as the device's credentials of type MQTT_BASIC have
// them. Any of them may be missing there; give exactly those that are registered.
import { server, setting } from "examples/settings";
import TBClient from "tbclient";

new TBClient({
	...server,
	clientId: setting("clientId"),
	userName: setting("userName"),
	password: setting("password"),
	onConnected() {
		this.sendTelemetry({ login: "basic" }, (error) => trace(`telemetry: ${error ?? "acknowledged"}\n`));
	},
	onDisconnected(error) {
		if (error.code === "TB_CREDENTIALS") trace("the server does not know these credentials\n");
	},
});
