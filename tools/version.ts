// Carries package.json's name and version to every file that needs them. Run by `npm version X.Y.Z`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeIdentity } from "../hosts/virtual/identity.ts";
import { args } from "./args.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
/** What an image of the chip says of its engine: XS of SDK 8.2.3. */
const XS = "17.7.0";
const PerLine = 16;

const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** The record's bytes as a C initializer. */
function initializer(name: string, version: string): string {
	const record = encodeIdentity({ title: name, version, target: "esp32", xs: XS });
	const lines: string[] = [];
	for (let at = 0; at < record.length; at += PerLine)
		lines.push(
			`\t${[...record.subarray(at, at + PerLine)].map((byte) => `0x${byte.toString(16)}`).join(", ")},`,
		);
	return `/* ${name} ${version}, made by tools/version.ts */\n${lines.join("\n")}\n`;
}

/** What each file should hold. */
export function versioned(): { file: string; text: string }[] {
	const { name, version } = JSON.parse(read("package.json")) as { name: string; version: string };
	const manifest = read("manifest.json")
		.replace(/("title": )"[^"]*"/, `$1"${name}"`)
		.replace(/("version": )"[^"]*"/, `$1"${version}"`);
	const sdkconfig = read("hosts/esp32/sdkconfig/sdkconfig.defaults");
	return [
		{ file: "manifest.json", text: manifest },
		{
			file: "hosts/esp32/sdkconfig/sdkconfig.defaults",
			text: sdkconfig.replace(/^(CONFIG_APP_PROJECT_VER=)".*"$/m, `$1"${version}"`),
		},
		{ file: "hosts/esp32/identity.inc", text: initializer(name, version) },
	];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const { check } = args({
		command: "npm version X.Y.Z (or node --import ./tools/ts.mjs tools/version.ts)",
		about:
			"Writes package.json's name and version into the manifest, sdkconfig and the identity record of the chip's images.",
		options: { check: { help: "only say which files differ; status 1 if any does" } },
	});
	const differing = versioned().filter(({ file, text }) => {
		try {
			return read(file) !== text;
		} catch {
			return true;
		}
	});
	for (const { file, text } of differing) {
		console.log(file);
		if (!check) writeFileSync(join(root, file), text);
	}
	process.exitCode = check && differing.length ? 1 : 0;
}
