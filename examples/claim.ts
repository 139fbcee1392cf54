// Claiming: for ten minutes a customer may take the device, with the secret that is printed on it. The server never says whether it
// registered that: an acknowledgement is all there is.
import { server, token } from "examples/settings";
import TBClient from "tbclient";
import { claim } from "tbclient/claim";

new TBClient({
	...server,
	token,
	onConnected() {
		claim(this, { secretKey: "printed-on-the-device", durationMs: 600_000 }, (error) =>
			trace(`claim: ${error ?? "acknowledged"}\n`),
		);
	},
	onDisconnected: (error) => trace(`${error}\n`),
});
