// Client-side RPC: the device calls the server, whose rule chain answers. On a fresh ThingsBoard nothing does: after a minute there is an
// error, as for any method that the rule chain does not know.
import { server, token } from "examples/settings";
import TBClient from "tbclient";

new TBClient({
	...server,
	token,
	onConnected() {
		this.call("getCurrentTime", {}, (error, answer) => trace(`time: ${error ?? JSON.stringify(answer)}\n`));
		this.call("echo", { pin: 7 }, (error, answer) => trace(`echo: ${error ?? JSON.stringify(answer)}\n`));
	},
	onDisconnected: (error) => trace(`${error}\n`),
});
