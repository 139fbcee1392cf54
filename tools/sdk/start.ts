// The application in the desktop simulator without a desktop: builds it, plays the bootloader, shows what it traces. Ctrl-C ends it.
import { join, resolve } from "node:path";
import { args } from "../args.ts";
import { Board, commission } from "./board.ts";
import { openDisplay } from "./display.ts";
import { buildHost, findSDK, root } from "./sdk.ts";

const options = args({
	command: "MODDABLE=/path/to/moddable node --import ./tools/ts.mjs tools/sdk/start.ts",
	about: "Builds main.ts for Moddable's desktop simulator and runs it, headless, on a ThingsBoard of yours.",
	options: {
		host: { help: "ThingsBoard's host name or address", value: "HOST", default: "127.0.0.1" },
		port: { help: "its MQTT port", value: "PORT", default: "1883" },
		token: { help: "access token of a device there", value: "TOKEN", default: "A1_TEST_TOKEN" },
		state: { help: "where slots and settings live", value: "DIR", default: ".board/simulator" },
	},
});

async function main(): Promise<string> {
	const sdk = findSDK();
	const state = resolve(options.state);
	const library = await buildHost(sdk, join(root, "manifest.json"), join(root, ".board/sdk"));
	commission(state, { host: options.host, port: Number(options.port), token: options.token });
	const display = await openDisplay();
	const board = new Board({
		...{ moddable: sdk.moddable, display: display.name, library, state },
		onLine: (line) => console.log(line),
		onBoot: ({ slot, resetReason, bootId }) => console.log(`boot ${bootId}: ${slot}, reset ${resetReason}`),
	});
	process.once("SIGINT", () => board.stop());
	const reason = await board.gone;
	display.close();
	return reason;
}

main().then(
	(reason) => console.log(reason),
	(error: unknown) => {
		console.error(error instanceof Error ? error.message : error);
		process.exitCode = 1;
	},
);
