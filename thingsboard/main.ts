// `npm run thingsboard`: the stand-in alone, until SIGINT or SIGTERM.
import { args, helpText } from "../tools/args.ts";
import { makeDevices } from "./cli/devices.ts";
import { demo, introduction } from "./cli/introduce.ts";
import {
	devices,
	isLoopback,
	OptionError,
	port,
	rateLimits,
	settings,
	tlsWanted,
	usage,
} from "./cli/options.ts";
import { StateFile } from "./cli/state-file.ts";
import { demoHandler } from "./client-rpc.ts";
import { startThingsBoard, type ThingsBoardOptions } from "./server.ts";

const options = args(usage);

/** One line to stdout: JSON with `--json`, the text otherwise. */
function say(event: string, text: string, more: object = {}): void {
	if (options.json) console.log(JSON.stringify({ event, ...more, ...(event === "log" ? { text } : {}) }));
	else if (!options.quiet) console.log(text);
}

/** Devices name themselves and their methods: nothing of theirs may move a terminal's cursor. */
const printable = (text: string): string =>
	text.replace(/[^\P{Cc}\n]/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);

async function configure(): Promise<{ config: ThingsBoardOptions; trust?: string | undefined }> {
	const { host, cert, key, tls12: only12, "leaf-only": leafOnly, "tls-dir": folder } = options;
	const config = {
		mqttPort: port(options, "port"),
		httpPort: port(options, "http-port"),
		mqttsPort: port(options, "tls-port"),
		host,
		settings: { ...settings(options), rateLimits: rateLimits(options) },
		log: (text: string) => say("log", printable(text), { time: Date.now() }),
	};
	if (!tlsWanted(options)) return { config };
	const { certificate } = await import("./cli/certificate.ts"); // a quarter of the start, for those who want TLS
	const { tls, trust } = await certificate({ cert, key, folder, host });
	return { config: { ...config, tls: { ...tls, only12, leafOnly } }, trust };
}

async function main(): Promise<void> {
	const wanted = devices(options);
	const { config, trust } = await configure();
	if (!isLoopback(options.host))
		console.error(
			`Warning: listening on ${options.host}. Whoever reaches this machine can log in: user, password and tokens are well known.`,
		);
	const server = await startThingsBoard(config);
	const { core, mqttPort, httpPort, mqttsPort, url } = server;
	let state: StateFile | undefined;
	const end = async (): Promise<void> => {
		process.stdin.destroy(); // an open stdin would keep the process
		state?.end();
		await server.close();
	};
	try {
		if (options.state) state = new StateFile(options.state, core, (problem) => console.error(problem));
		makeDevices(core, wanted);
		if (!options.json && !core.devices.byCredentialsId(demo.token)) makeDevices(core, [demo]);
	} catch (error) {
		await server.close();
		throw error;
	}
	if (options["answer-rpc"]) core.onClientRpc = demoHandler(() => core.clock.now());
	for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, end);
	process.stdout.on("error", end); // EPIPE: nobody reads any more
	if (options["until-stdin-ends"]) process.stdin.resume().once("end", end);
	say("ready", introduction(server, trust), { mqttPort, httpPort, mqttsPort, url, trust });
}

main().catch((error: Error) => {
	const wrong = error instanceof OptionError;
	console.error(wrong ? `${error.message}\n\n${helpText(usage)}` : error.message);
	process.exitCode = wrong ? 2 : 1;
});
