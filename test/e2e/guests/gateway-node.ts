// The same gateway on Node, over the bench's MQTT client: `SERVER` is `{host, port, token}` in JSON. The end of stdin ends it.
import "../../setup.ts";
import TBClient from "tbclient";
import NodeMQTT from "../../../bench/telemetry/mqtt.ts";
import { Puppet } from "./gateway-puppet.ts";

const client = new TBClient({
	...{ io: NodeMQTT, dns: { io: null }, socket: { io: null } },
	...(JSON.parse(process.env.SERVER ?? "{}") as { host: string; port: number; token: string }),
	onConnected: () => console.log("ready"),
	onDisconnected: (error) => console.log(`disconnected ${error}`),
	onRPC: (call) => puppet.call(call),
	onError: (error) => console.log(String(error)),
});
const puppet = new Puppet(client);
process.stdin.on("end", () => process.exit(0)).resume();
