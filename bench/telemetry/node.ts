// TBClient on Node, over the MQTT client beside this file.
import "../../test/setup.ts";
import TBClient from "tbclient";
import { reading, run, taskOf } from "./load.ts";
import NodeMQTT from "./mqtt.ts";

const task = taskOf();
const client = new TBClient({
	...{ io: NodeMQTT, dns: { io: null }, socket: { io: null } },
	...{ host: task.host, port: task.port, token: task.token },
	inFlight: task.window,
	outbox: { messages: 2 * task.window, bytes: 1 << 20 },
	async onConnected() {
		const result = await run(task, (count, acknowledged) =>
			this.sendTelemetry(reading(count), (error) => {
				if (error) throw error;
				acknowledged();
			}),
		);
		console.log(
			JSON.stringify({ version: `Node ${process.versions.node}`, messages: task.messages, ...result }),
		);
		this.close();
	},
	onDisconnected(error) {
		console.error(String(error));
		process.exit(1);
	},
	onError(error) {
		console.error(String(error));
		process.exit(1);
	},
});
void client;
