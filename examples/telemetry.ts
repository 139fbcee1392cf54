// Telemetry: values of now, values of an earlier time, and several readings in one message. `null` as error is the server's PUBACK.
import { server, token } from "examples/settings";
import Link from "host/link";
import TBClient from "tbclient";

const Minute = 60_000;
const link = new Link({});

new TBClient({
	...server,
	token,
	clock: () => (link.clockValid ? Date.now() : undefined), // what has no `ts` gets that of the call, also if it has to wait
	onConnected() {
		const now = Date.now();
		this.sendTelemetry(
			{ temperature: 21.5, open: false, mode: "auto", position: { x: 1, y: 2 } },
			told("now"),
		);
		this.sendTelemetry({ ts: now - Minute, values: { temperature: 20.5 } }, told("a minute ago"));
		const readings = [
			{ ts: now - 3 * Minute, values: { temperature: 18.5 } },
			{ ts: now - 2 * Minute, values: { temperature: 19.5 } },
		];
		this.sendTelemetry(readings, told("two readings"));
	},
	onDisconnected: (error) => trace(`${error}\n`),
});

function told(what: string) {
	return (error: Error | null) => trace(`${what}: ${error ?? "acknowledged"}\n`);
}
