// A gateway for sensors that speak JSON over UDP: {"name": "kitchen", "values": {…}}. Each becomes a device of its own. A call of the server
// goes to the sensor as {"id", "method", "params"}, and its answer {"name", "id", "result"} comes back the same way.
import { server, setting, token } from "examples/settings";
import TBGateway from "gateway";
import type { Datagram } from "host/contract";
import UDP from "host/udp";
import TBClient from "tbclient";

const sensors = new Map<string, Datagram>(); // the last one of each, by the name of its device
const renamed = new Map<string, string>(); // devices by what their sensors call themselves, where that is another name
const report = (error: unknown) => trace(`${error}\n`);
const client = new TBClient({
	...server,
	token,
	onConnected: () => trace("ready\n"),
	onDisconnected: report,
});
const gateway = new TBGateway({
	client,
	onConnected: (name) => trace(`${name} connected\n`),
	onRenamed(name, oldName) {
		const [sensor = oldName] = [...renamed].find(([, device]) => device === oldName) ?? [];
		renamed.set(sensor, name);
		const packet = sensors.get(oldName);
		if (packet) sensors.set(name, packet);
		sensors.delete(oldName);
	},
	onDeleted: (name) => void sensors.delete(name),
	onRPC({ device, ...call }) {
		const { address = "", port = 0 } = sensors.get(device) ?? {};
		udp.write(ArrayBuffer.fromString(JSON.stringify(call)), address, port);
	},
	onError: report,
});
const udp = new UDP({
	port: Number(setting("udpPort") || 5005),
	onReadable() {
		for (let packet = this.read(); packet; packet = this.read()) receive(packet);
	},
	onError: () => report("udp: the port cannot be had"),
});

function receive(packet: Datagram): void {
	try {
		const { name: sensor, values, id, result } = JSON.parse(String.fromArrayBuffer(packet));
		const name = renamed.get(sensor) ?? sensor;
		gateway.connect(name, { type: "sensor" });
		if (gateway.device(name)) sensors.set(name, packet); // else the table is full
		if (values) gateway.sendTelemetry(name, values);
		if (id !== undefined) gateway.respond(name, id, result);
	} catch (error) {
		report(`udp: ${error}`);
	}
}
