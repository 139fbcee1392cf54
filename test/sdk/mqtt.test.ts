// The contract over the SDK's own client, read from $MODDABLE when the spec runs; it never enters the repository.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import "../setup.ts";
import type { MQTTClientConstructor } from "host/contract";
import { mqttContract } from "./mqtt-contract.ts";

const { MODDABLE } = process.env;

if (MODDABLE) mqttContract("the SDK's MQTT client", await load(MODDABLE));
else
	describe("the SDK's MQTT client", () => {
		it("runs the contract (skipped: MODDABLE is not set)", function () {
			this.skip();
		});
	});

/** Its only imports are `timer` and `time`; here they are the told clock's. */
async function load(sdk: string): Promise<MQTTClientConstructor> {
	const fake = (name: string) => new URL(`../fakes/${name}.ts`, import.meta.url).href;
	const source = readFileSync(join(sdk, "examples/io/tcp/mqttclient/mqttclient.js"), "utf8")
		.replace('from "timer"', `from "${fake("timer")}"`)
		.replace('from "time"', `from "${fake("time")}"`);
	const { default: Client } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
	return Client;
}
