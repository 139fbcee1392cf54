// Attributes: the device's own go up, its own and the shared ones are asked for in one request.
import { server, token } from "examples/settings";
import TBClient from "tbclient";

new TBClient({
	...server,
	token,
	onConnected() {
		this.sendAttributes({ firmware: "v1.2", serial: 4711, calibration: { offset: 0.5 } }, (error) => {
			if (!error) ask(this);
		});
	},
	onDisconnected: (error) => trace(`${error}\n`),
});

/** Called back once: with what the server has, or with the reason why there is no answer. A name without a value is absent. */
function ask(client: TBClient): void {
	client.requestAttributes({ client: ["serial", "nothing"], shared: ["interval"] }, (error, values) => {
		if (error) return trace(`${error}\n`);
		const { client: own = {}, shared = {} } = values;
		trace(`serial ${own.serial}, interval ${shared.interval}\n`);
	});
}
