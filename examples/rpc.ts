// Calls from the server: answered at once, answered later, refused. Whatever a handler throws is the caller's answer, and so is that there
// is no handler of that name.
import { server, token } from "examples/settings";
import TBClient from "tbclient";
import Timer from "timer";

let lamp = false;

const client = new TBClient({
	...server,
	token,
	onConnected: () => trace("ready\n"),
	onDisconnected: (error) => trace(`${error}\n`),
});

client.handle("setLamp", (params) => {
	if (typeof params !== "boolean") throw new TypeError(`setLamp: expected a boolean, got ${typeof params}`);
	lamp = params;
	return { lamp };
});

client.handle("measure", (_params, { id }) => {
	Timer.set(() => client.respond(id, { temperature: 21.5 }), 500); // kept over a lost connection
	return undefined;
});
