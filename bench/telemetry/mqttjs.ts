// MQTT.js under the same load. It has no window of its own at MQTT 3.1.1, so the load keeps it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import mqtt from "mqtt";
import { reading, run, taskOf } from "./load.ts";

const task = taskOf();
const file = createRequire(import.meta.url).resolve("mqtt/package.json");
const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
const client = mqtt.connect({ host: task.host, port: task.port, username: task.token, reconnectPeriod: 0 });
client.on("error", (error) => {
	console.error(String(error));
	process.exit(1);
});
client.once("connect", async () => {
	const result = await run(task, (count, acknowledged) =>
		client.publish("v1/devices/me/telemetry", JSON.stringify(reading(count)), { qos: 1 }, (error) => {
			if (error) throw error;
			acknowledged();
		}),
	);
	const versions = `MQTT.js ${version}, Node ${process.versions.node}`;
	console.log(JSON.stringify({ version: versions, messages: task.messages, ...result }));
	client.end(true);
});
