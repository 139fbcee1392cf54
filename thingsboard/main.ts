// `npm run thingsboard`: the stand-in alone, until SIGINT or SIGTERM.
import { args } from "../tools/args.ts";
import { startThingsBoard, type ThingsBoard } from "./server.ts";
import { tenant } from "./users.ts";

const options = args({
	command: "npm run thingsboard --",
	about:
		"Starts the stand-in ThingsBoard on this machine: MQTT for devices, REST for you. It keeps nothing on disk.",
	options: {
		port: { help: "port for devices, 0 for any", value: "PORT", default: "1883" },
		"http-port": { help: "port for REST, 0 for any", value: "PORT", default: "8080" },
		json: { help: "print one JSON line when ready, and nothing else on stdout" },
		"until-stdin-ends": { help: "end when the program that started this one is gone" },
		verbose: { help: "tell every connection event on stderr" },
	},
});

const demo = { name: "Demo Device", token: "A1_TEST_TOKEN" };

try {
	const server = await startThingsBoard({
		mqttPort: port("port"),
		httpPort: port("http-port"),
		...(options.verbose ? { log: (line: string) => process.stderr.write(`${line}\n`) } : {}),
	});
	const end = (): void => {
		process.stdin.destroy(); // an open stdin would keep the process
		server.close();
	};
	for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, end);
	const { mqttPort, httpPort, url } = server;
	if (!options.json) introduce(server);
	else console.log(JSON.stringify({ mqttPort, httpPort, url }));
	if (options["until-stdin-ends"]) process.stdin.resume().once("end", end);
} catch (error) {
	console.error(`${(error as Error).message}. Choose another with --port or --http-port (0 takes any).`);
	process.exitCode = 1;
}

function port(name: "port" | "http-port"): number {
	const value = Number(options[name]);
	if (Number.isInteger(value) && value >= 0 && value <= 65_535 && options[name] !== "") return value;
	throw new Error(`--${name}: expected 0 to 65535, got "${options[name]}"`);
}

function introduce({ core, mqttPort, url }: ThingsBoard): void {
	const { id } = core.devices.create({ name: demo.name }, demo.token);
	const login = JSON.stringify({ username: tenant.username, password: tenant.password });
	console.log(`Stand-in ThingsBoard
  REST  ${url}   user ${tenant.username}, password ${tenant.password}
  MQTT  127.0.0.1:${mqttPort}   device "${demo.name}", access token ${demo.token} (user name, any password)

Send telemetry as the device:
  mosquitto_pub -h 127.0.0.1 -p ${mqttPort} -u ${demo.token} -q 1 -t v1/devices/me/telemetry -m '{"temperature":21.5}'

Read it back:
  TOKEN=$(curl -s ${url}/api/auth/login -H 'Content-Type: application/json' \\
    -d '${login}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')
  curl -s -H "X-Authorization: Bearer $TOKEN" '${url}/api/plugins/telemetry/DEVICE/${id}/values/timeseries?keys=temperature'

Call the device:
  curl -s -H "X-Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    ${url}/api/rpc/twoway/${id} -d '{"method":"ping","params":{}}'

Ctrl-C ends it. All paths: docs/thingsboard.md`);
}
