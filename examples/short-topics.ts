// Short topics: the same API in fewer bytes (ThingsBoard 3.3.2 and newer). "j" says JSON, "p" protobuf, nothing what the profile says.
import { server, token } from "examples/settings";
import TBClient from "tbclient";
import { shortTopics } from "tbclient/topics";

const client = new TBClient({
	...server,
	token,
	topics: shortTopics("j"),
	onConnected() {
		this.sendTelemetry({ temperature: 21.5 });
		this.sendAttributes({ short: true });
		this.requestAttributes({ shared: ["interval"] }, (error, { shared }) =>
			trace(`interval: ${error ?? shared?.interval}\n`),
		);
	},
	onAttributes: (values) => trace(`pushed ${JSON.stringify(values)}\n`),
	onRPC: ({ id, params }) => client.respond(id, { echo: params }),
	onDisconnected: (error) => trace(`${error}\n`),
});
