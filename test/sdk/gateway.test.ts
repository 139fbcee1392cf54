// examples/gateway-udp.ts in Moddable's desktop simulator: the SDK's own UDP and MQTT. A sensor of ours speaks to it.
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import { RestClient } from "../../tools/peer/rest.ts";
import { eventually, Site } from "../../tools/peer/site.ts";
import { Board, commission, wipe } from "../../tools/sdk/board.ts";
import { type Display, openDisplay } from "../../tools/sdk/display.ts";
import { exampleManifest } from "../../tools/sdk/example.ts";
import { buildHost, findSDK, root } from "../../tools/sdk/sdk.ts";
import { prepare } from "../../tools/start/example.ts";
import { startServer } from "../../tools/start/process.ts";
import { deepEqual, equal } from "../assert.ts";

const work = join(root, ".test/sdk/gateway");

describe("The UDP gateway in the simulator (needs MODDABLE)", function () {
	this.timeout(300_000);
	let site: Site | undefined;
	let board: Board | undefined;
	let display: Display | undefined;
	let udpPort = 0;
	const lines: string[] = [];

	before(async function () {
		if (!process.env.MODDABLE) return this.skip();
		const sdk = findSDK();
		const library = await buildHost(
			sdk,
			exampleManifest(work, { main: "./gateway-udp" }),
			join(work, "build"),
		);
		const { program, url, mqttPort } = await startServer(["--port", "0", "--http-port", "0"]);
		const rest = new RestClient(url);
		await rest.login("tenant@thingsboard.org", "tenant");
		site = new Site(rest, { host: "127.0.0.1", port: mqttPort }, { end: () => program.end() });
		const device = await site.device("udp");
		const ground = { rest, device, unique: (what: string) => what, later: () => undefined };
		const settings = await prepare("gateway-udp", ground);
		udpPort = Number(settings.udpPort);
		const state = join(work, "state");
		wipe(state);
		commission(state, {
			...{ host: "127.0.0.1", port: mqttPort, token: device.token },
			...settings,
		} as never);
		display = await openDisplay();
		board = new Board({
			...{ moddable: sdk.moddable, display: display.name, library, state },
			onLine: (line) => lines.push(line),
		});
	});

	after(async () => {
		await board?.stop();
		display?.close();
		await site?.close();
	});

	afterEach(function () {
		if (this.currentTest?.isFailed()) console.log(lines.slice(-40).join("\n"));
	});

	it("carries a sensor's telemetry up, and a call down and back", async () => {
		const at = site as Site;
		const name = `sensor ${randomBytes(4).toString("hex")}`;
		const sensor = createSocket("udp4");
		const say = (text: string): void => sensor.send(text, udpPort, "127.0.0.1");
		sensor.on("message", (data) => {
			const { id, method, params } = JSON.parse(String(data));
			say(JSON.stringify({ name, id, result: { method, params } }));
		});
		try {
			await eventually("ready", async () => lines.some((line) => line.includes("ready")));
			say(JSON.stringify({ name, values: { temperature: 21.5 } }));
			const path = `/api/tenant/devices?deviceName=${encodeURIComponent(name)}`;
			const found = await eventually("the sensor's device", async () => {
				const { status, body } = await at.rest.send("GET", path);
				return status === 200 && (body as { id: { id: string } });
			});
			const { id } = found.id;
			const point = await eventually(
				"telemetry",
				async () => (await at.latest(id, "temperature")).temperature,
			);
			equal(point.value, 21.5);
			deepEqual(await at.rpc(id, "blink", 3), { method: "blink", params: 3 });
		} finally {
			sensor.close();
		}
	});
});
