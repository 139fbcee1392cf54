// `npm run commission`: tells a device its Wi-Fi, its server and its credentials. They go to NVS, never into an image.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { args } from "./args.ts";
import { nvsImage, nvsPartition } from "./commission/image.ts";
import { type Namespaces, namespacesOf, SettingsError } from "./commission/settings.ts";
import { which } from "./doctor/ask.ts";

const options = args({
	command: "npm run commission --",
	about: `Writes Wi-Fi, server and credentials into an image of the NVS partition, or over serial into a chip.
It replaces everything the partition holds. A secret given as - is read from standard input, one line each,
in the order of this list; @NAME reads it from the environment: neither shows in the shell's history.`,
	options: {
		ssid: { help: "name of the Wi-Fi network", value: "NAME" },
		password: { help: "its password; none for an open network", value: "SECRET" },
		host: { help: "ThingsBoard's name or address", value: "HOST" },
		port: { help: "its MQTT port (1883, with --tls 8883)", value: "PORT" },
		tls: { help: "verify the server and encrypt" },
		token: { help: "access token of the device", value: "SECRET" },
		"client-id": { help: "instead of a token: MQTT client id", value: "ID" },
		user: { help: "instead of a token: MQTT user name", value: "NAME" },
		"user-password": { help: "instead of a token: MQTT password", value: "SECRET" },
		ca: { help: "certificate of the server's CA", value: "PEM" },
		cert: { help: "X.509 credentials: the device's certificate", value: "PEM" },
		key: { help: "X.509 credentials: its private key", value: "PEM" },
		out: { help: "file to write the image to", value: "FILE" },
		serial: { help: "serial port of a chip to write it to, by esptool", value: "PORT" },
		json: { help: "tell what was written as JSON; secrets are only counted" },
	},
});

const secrets = ["password", "token", "user-password"] as const;
const lines = secrets.some((name) => options[name] === "-") ? readFileSync(0, "utf8").split(/\r?\n/) : [];

function secret(name: (typeof secrets)[number]): string | undefined {
	const value = options[name];
	if (value === "-") return expected(lines.shift(), `${name}: expected a line on standard input`);
	if (!value?.startsWith("@")) return value;
	return expected(
		process.env[value.slice(1)],
		`${name}: expected the environment variable ${value.slice(1)}`,
	);
}

function expected(value: string | undefined, text: string): string {
	if (value) return value;
	throw new SettingsError(`${text}, found none`);
}

function file(name: "ca" | "cert" | "key"): string | undefined {
	const path = options[name];
	try {
		return path === undefined ? undefined : readFileSync(path, "utf8");
	} catch (error) {
		throw new SettingsError(`${name}: expected a readable file, ${(error as Error).message}`);
	}
}

function settings(): Namespaces {
	const { ssid, host, port, tls, user } = options;
	const found = namespacesOf({
		...{ ssid, host, port, tls, userName: user, clientId: options["client-id"] },
		...{ password: secret("password"), token: secret("token"), mqttPassword: secret("user-password") },
		...{ ca: file("ca"), cert: file("cert"), key: file("key") },
	});
	if (!Object.keys(found).length)
		throw new SettingsError("expected something to tell the device, got no option");
	return found;
}

/** Over serial; the image lies in a folder of its own that only we can read, and is removed. */
function flash(port: string, image: Buffer): void {
	const tool = which("esptool") ?? which("esptool.py");
	if (!tool)
		throw new SettingsError("esptool: expected it on PATH (python3 -m pip install esptool), or use --out");
	const folder = mkdtempSync(join(tmpdir(), "nvs-"));
	try {
		const path = join(folder, "nvs.bin");
		writeFileSync(path, image, { mode: 0o600 });
		const offset = `0x${nvsPartition().offset.toString(16)}`;
		const { status } = spawnSync(tool, ["--port", port, "write_flash", offset, path], { stdio: "inherit" });
		if (status !== 0) throw new SettingsError(`esptool: expected status 0, got ${status}`);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** For our eyes only, also where the file was there already. */
function keep(path: string, image: Buffer): void {
	writeFileSync(path, image, { mode: 0o600 });
	chmodSync(path, 0o600);
}

/** What was written, without what must stay secret. */
const summary = (found: Namespaces): string[] =>
	Object.entries(found).map(([namespace, values]) => `${namespace}: ${Object.keys(values).join(", ")}`);

try {
	if (!options.out === !options.serial) throw new SettingsError("expected --out FILE or --serial PORT");
	const found = settings();
	const image = nvsImage(found);
	const { offset } = nvsPartition();
	if (options.out) keep(options.out, image);
	if (options.serial) flash(options.serial, image);
	const where = options.out ?? options.serial;
	if (options.json) console.log(JSON.stringify({ where, offset, size: image.length, names: summary(found) }));
	else
		console.log(
			`Wrote ${image.length} bytes for offset 0x${offset.toString(16)} to ${where}\n  ${summary(found).join("\n  ")}`,
		);
	if (options.out && !options.json)
		console.log(`Flash it with: esptool --port PORT write_flash 0x${offset.toString(16)} ${options.out}`);
} catch (error) {
	console.error(`commission: ${(error as Error).message}`);
	process.exitCode = error instanceof SettingsError ? 2 : 1;
}
