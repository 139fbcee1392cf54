// Calls from the server: answered at once, answered later, refused. Whatever a handler throws is the caller's answer.
import { server, token } from "examples/settings";
import TBClient from "tbclient";
import Timer from "timer";

let lamp = false;

const client = new TBClient({
	...server,
	token,
	onConnected: () => trace("ready\n"),
	onRPC({ id, method, params }) {
		switch (method) {
			case "setLamp":
				if (typeof params !== "boolean")
					throw new TypeError(`setLamp: expected a boolean, got ${typeof params}`);
				lamp = params;
				client.respond(id, { lamp });
				break;
			case "measure": // takes its time; the answer is kept over a lost connection
				Timer.set(() => client.respond(id, { temperature: 21.5 }), 500);
				break;
			default:
				throw new Error(`unknown method ${method}`);
		}
	},
	onDisconnected: (error) => trace(`${error}\n`),
});
