// `npm run doctor`: what this machine has, what is missing, what for, and the cure.
import { arch, platform, release } from "node:os";
import { args } from "./args.ts";
import { type Part, parts } from "./doctor/parts.ts";

const options = args({
	command: "npm run doctor --",
	about:
		"Says what this machine has, and for each missing thing what it is needed for and where it comes from.\nStatus 1 when npm start or npm test cannot work here.",
	options: { json: { help: "one JSON object on stdout and nothing else" } },
});

const system = `${platform()} ${release()} ${arch()}`;
const all = parts();
const Width = Math.max(...all.map(({ name }) => name.length));
const missing = all.filter(({ found, required }) => required && !found);

/** Two lines for what is missing, one for what is there. */
function show({ name, found, version, neededFor, required, cure }: Part): string {
	const label = name.padEnd(Width);
	if (found) return `  ✓ ${label} ${version}`;
	return `  ${required ? "✗" : "-"} ${label} missing, needed for ${neededFor}\n      cure: ${cure}`;
}

/** What a use of the project still lacks here. */
function verdict(use: string): string {
	const lacks = all.filter(({ found, neededFor }) => !found && neededFor.includes(use));
	if (!lacks.length) return `${use} has all it needs.`;
	return `${use} still needs ${lacks.map(({ name }) => name).join(", ")}.`;
}

if (options.json) console.log(JSON.stringify({ ok: !missing.length, system, parts: all }, undefined, "\t"));
else {
	console.log(`  ${system}\n${all.map(show).join("\n")}\n`);
	if (missing.length)
		console.log(`npm start and npm test need ${missing.map(({ name }) => name).join(", ")}.`);
	else console.log("npm start and npm test have all they need.");
	for (const use of ["npm run test:sdk", "an ESP32 build"]) console.log(verdict(use));
}
process.exitCode = missing.length ? 1 : 0;
