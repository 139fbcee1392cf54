// `npm run publish-firmware`: an image goes to ThingsBoard, is assigned, and the update is followed to its end.
import { readFileSync } from "node:fs";
import { helpText, type Options, parse, type Usage } from "./args.ts";
import { CheckError, statusOf } from "./publish/errors.ts";
import { planOf } from "./publish/plan.ts";
import { check, publish } from "./publish/publish.ts";
import { quietly, screen } from "./publish/screen.ts";

const usage = {
	command: "npm run publish-firmware --",
	about: `Checks an image (it runs, fits a slot, is who it says, holds no secret), signs it if asked, uploads it to ThingsBoard unless it is
there already, assigns it to a device or a profile, and follows the update on that device, or on those of the profile that are
online (100 at most), until UPDATED or FAILED. Status 0 for UPDATED, 1 for FAILED, silence, or a server that fails, 2 for a mistake.
TB_USER and TB_PASSWORD log in (default: the stand-in's).`,
	options: {
		host: { help: "ThingsBoard's REST address", value: "URL", default: "http://127.0.0.1:8080" },
		type: { help: "firmware, or software: a mod", value: "TYPE", default: "firmware" },
		title: {
			help: "title of the package; default: the image's own, without --image package.json's name",
			value: "TEXT",
		},
		version: {
			help: "its version, three numbers; default: the image's own, without --image package.json's",
			value: "X.Y.Z",
		},
		retitle: { help: "let it have another title than the devices run" },
		image: { help: "the image; without it one for the virtual board is built", value: "FILE" },
		chip: { help: "chip of the devices: esp32 (default), esp32c3 or esp32s3", value: "CHIP" },
		app: {
			help: "with no --image: the application to build instead of app.ts, of software the mod",
			value: "FILE",
		},
		sign: { help: "private key on P-256 in PEM: sign the package", value: "PEM" },
		assign: { help: "who gets it: device=NAME or profile=NAME", value: "WHO" },
		profile: { help: "without --assign: the profile it is for (default default)", value: "NAME" },
		out: { help: "keep the package in this file too", value: "FILE" },
		patience: { help: "seconds to follow the update", value: "S", default: "600" },
		"dry-run": { help: "check and sign, upload nothing" },
		json: { help: "one JSON object on stdout, everything else on stderr" },
	},
} as const satisfies Usage<Options>;

const isJson = process.argv.includes("--json");

const { stdout } = process;
const talk = isJson ? quietly : screen({ isTTY: stdout.isTTY, write: (text) => stdout.write(text) });

async function main(): Promise<number> {
	const options = read();
	if (!options) return 0;
	const own = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
	const plan = planOf(options, own as { name: string; version: string });
	const { TB_USER: user = "tenant@thingsboard.org", TB_PASSWORD: password = "tenant" } = process.env;
	const outcome = await (options["dry-run"]
		? check(plan, password, talk)
		: publish(plan, { url: options.host, user, password }, talk));
	const { status, ...report } = outcome;
	if (isJson) console.log(JSON.stringify({ title: plan.title, version: plan.version, ...report }));
	return status;
}

/** The command line; undefined when help was asked for. @throws CheckError */
function read() {
	try {
		const options = parse(usage, process.argv.slice(2));
		if (!options) console.log(helpText(usage));
		return options;
	} catch (error) {
		throw new CheckError(`${(error as Error).message} (--help tells what there is)`);
	}
}

main().then(
	(status) => {
		process.exitCode = status;
	},
	(error: Error) => {
		if (isJson) console.log(JSON.stringify({ error: error.message }));
		console.error(`publish: ${error.message}`);
		process.exitCode = statusOf(error);
	},
);
