// TBClient on the virtual board under the same load. NVS `bench` has the task; the marks are traced, and timed outside.
import device from "host/device";
import Store from "host/store";
import TBClient from "tbclient";

const settings = new Store("bench");
const number = (name: string): number => Number(settings.get(name));
const window = number("window");
const warmUp = number("warmUp");
const all = warmUp + number("messages");
let sent = 0;
let done = 0;

const client = new TBClient({
	...device.network.mqtt,
	host: String(settings.get("host")),
	port: number("port"),
	token: String(settings.get("token")),
	inFlight: window,
	outbox: { messages: 2 * window, bytes: 65_536 },
	onConnected() {
		while (sent < window) send();
	},
	onDisconnected: (error) => trace(`failed ${error}\n`),
	onError: (error) => trace(`failed ${error}\n`),
});

function send(): void {
	sent += 1;
	client.sendTelemetry({ temperature: 21.5, humidity: 40, count: sent }, acknowledged);
}

function acknowledged(error: Error | null): void {
	done += 1;
	if (error) trace(`failed ${error}\n`);
	if (done === warmUp) trace("start\n");
	if (done === all) trace("end\n");
	if (sent < all) send();
}
