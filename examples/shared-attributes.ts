// Shared attributes: what an operator sets reaches the device at once; what was set while it was away is asked for.
import { server, token } from "examples/settings";
import type { JSONObject } from "host/contract";
import TBClient from "tbclient";

let interval = 10;

new TBClient({
	...server,
	token,
	onConnected() {
		this.requestAttributes({ shared: ["interval"] }, (error, { shared = {} }) => {
			if (!error) configure(shared);
			trace(`ready, interval ${interval}\n`);
		});
	},
	onAttributes(values, deleted) {
		configure(values);
		if (deleted.includes("interval")) configure({ interval: 10 });
	},
	onDisconnected: (error) => trace(`${error}\n`),
});

/** Never trust what comes: an operator can type anything. */
function configure({ interval: seconds }: JSONObject): void {
	if (typeof seconds !== "number" || !(seconds >= 1 && seconds <= 3600)) return;
	interval = seconds;
	trace(`interval ${interval}\n`);
}
