// Protobuf: for a device profile of payload type PROTOBUF. Without arguments the codec speaks the schemas that a new profile has; a key
// that the schema lacks throws, since the server would not see it.
import { server, token } from "examples/settings";
import TBClient from "tbclient";
import { protobufCodec } from "tbclient/protobuf-codec";

const client = new TBClient({
	...server,
	token,
	codec: protobufCodec(),
	onConnected() {
		this.sendTelemetry({ temperature: 21.5, humidity: 40, innerObject: { key1: "protobuf", key4: 7 } });
		this.sendAttributes({ firmwareVersion: "v1.2", serialNumber: "SN-1" }, (error) =>
			trace(`both: ${error ?? "acknowledged"}\n`),
		);
	},
	onAttributes: (values) => trace(`pushed ${JSON.stringify(values)}\n`),
	onRPC: ({ id, method, params }) => client.respond(id, { method, params }),
	onDisconnected: (error) => trace(`${error}\n`),
});
