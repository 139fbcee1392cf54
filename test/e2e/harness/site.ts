// Where an end-to-end spec runs: any ThingsBoard named by TB_URL, TB_USER and TB_PASSWORD (TB_MQTT, default its host and 1883), or else
// a stand-in in a process of its own. Only public surface is used, every name carries the run's own prefix, and `close` deletes
// whatever the spec made. A spec that holds to that says `@real` in its title.
import { RestClient } from "../../../tools/peer/rest.ts";
import { broker, Site } from "../../../tools/peer/site.ts";
import { startServer } from "../../../tools/start/process.ts";

export { eventually, prefix, type Scope, Site, type SiteDevice } from "../../../tools/peer/site.ts";

/** The server that TB_URL names, or a stand-in of our own; `args` are further options of that one. */
export async function openSite(...args: string[]): Promise<Site> {
	const { TB_URL, TB_USER = "tenant@thingsboard.org", TB_PASSWORD = "tenant", TB_MQTT } = process.env;
	if (!TB_URL) return standIn(args, TB_USER, TB_PASSWORD);
	const rest = new RestClient(TB_URL);
	await rest.login(TB_USER, TB_PASSWORD);
	return new Site(rest, broker(TB_MQTT ?? new URL(TB_URL).hostname));
}

async function standIn(args: string[], user: string, password: string): Promise<Site> {
	const ports = ["--port", "0", "--http-port", "0"];
	const { program, url, mqttPort, mqttsPort } = await startServer([...ports, ...args]);
	const rest = new RestClient(url);
	await rest.login(user, password);
	return new Site(
		rest,
		{ host: "127.0.0.1", port: mqttPort },
		{ end: () => program.end(), tlsPort: mqttsPort },
	);
}
