// Shared attributes: what an operator sets reaches the device at once. What was set or deleted while it was away is told after the next
// connection, since the server repeats no push.
import { server, token } from "examples/settings";
import TBClient from "tbclient";

const Default = 10; // seconds
let interval = Default;

const client = new TBClient({
	...server,
	token,
	onAttributes: (values, deleted) => trace(`pushed ${Object.keys(values)}, deleted ${deleted}\n`),
	onDisconnected: (error) => trace(`${error}\n`),
});

client.watchAttributes(["interval"], ({ interval: seconds = Default }) => {
	// Never trust what comes: an operator can type anything.
	if (typeof seconds !== "number" || !(seconds >= 1 && seconds <= 3600)) return;
	interval = seconds;
	trace(`interval ${interval}\n`);
});
