// Runs inside the simulator: connects over the SDK's own TLS as the store tells it to, and traces what came of it.
import device from "host/device";
import Store from "host/store";
import TBClient, { type TBClientOptions } from "tbclient";

const store = new Store("tls");
const bytes = (name: string): ArrayBuffer | undefined => {
	const value = store.get(name);
	return value instanceof ArrayBuffer ? value : undefined;
};
const certificate = bytes("ca");

function end(text: string): void {
	trace(`${text}\n`);
	trace("##EXIT 0\n");
}

const options: TBClientOptions = {
	...device.network.mqtts,
	host: "127.0.0.1",
	port: Number(store.get("port")),
	token: String(store.get("token") ?? ""),
	secure: {
		...(certificate && { certificate }),
		verify: store.get("verify") !== 0,
	},
	onDisconnected: (error) => end(String(error)),
};
const client = new TBClient(options);
client.sendTelemetry({ big: "x".repeat(3000) }, (error) => end(error ? String(error) : "acknowledged"));
