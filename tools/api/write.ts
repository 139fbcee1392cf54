// docs/api.md: what an application can use, by module specifier, as the sources themselves say it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Entry, read } from "./read.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The modules that an application imports from, or whose types it gives and gets; in the order of reading. */
export const modules: Readonly<Record<string, string>> = {
	tbclient: "client",
	"tbclient/options": "options",
	"tbclient/server": "server",
	"tbclient/credentials": "credentials",
	"tbclient/delivery": "delivery",
	"tbclient/telemetry": "telemetry",
	"tbclient/attributes": "attributes",
	"tbclient/outbox": "outbox",
	"tbclient/journal": "journal",
	"tbclient/stats": "stats",
	"tbclient/health": "health",
	"tbclient/errors": "errors",
	"tbclient/topics": "topics",
	"tbclient/codec": "codec",
	"tbclient/parts": "parts",
	"tbclient/inbound": "inbound",
	"tbclient/claim": "claim",
	"tbclient/provisioning": "provisioning",
	"tbclient/provisioning-payload": "provisioning-payload",
	"tbclient/protobuf-codec": "protobuf-codec",
	"tbclient/protobuf": "protobuf",
	"tbclient/software": "software",
	gateway: "gateway/gateway",
	"gateway/options": "gateway/options",
	"gateway/stats": "gateway/stats",
	"gateway/watches": "gateway/watches",
	ota: "ota/updater",
	"ota/options": "ota/options",
	"ota/gate": "ota/gate",
	"ota/policy": "ota/policy",
	"ota/version": "ota/version",
	"ota/source": "ota/source",
	"ota/states": "ota/states",
	"ota/tally": "ota/tally",
	"ota/telling": "ota/telling",
	"ota/errors": "ota/errors",
	"ota/trial": "ota/trial",
	"ota/trial-options": "ota/trial-options",
	"ota/probation": "ota/probation",
	"ota/inspector": "ota/inspector",
	"ota/signature": "ota/signature",
	"ota/turns": "ota/turns",
	"ota/mod-slots": "ota/mod-slots",
	"ota/software": "ota/software",
};

/** Exports of those modules that are for other modules of ours. */
const internal = new Set([
	...[
		"settingsOf",
		"Settings",
		"serverOf",
		"Server",
		"loginOf",
		"Login",
		"Delivery",
		"DeliveryOptions",
		"checked",
		"plain",
	],
	...[
		"stamped",
		"untimed",
		"pointsOf",
		"piecesOf",
		"PieceLimits",
		"Piece",
		"questionOf",
		"answerOf",
		"deletedOf",
		"Outbox",
	],
	...[
		"Admission",
		"Loss",
		"makeStats",
		"refusal",
		"reasonOf",
		"filtersOf",
		"Filter",
		"Route",
		"route",
		"Parts",
		"Inbound",
	],
	...[
		"Incoming",
		"InboundEvents",
		"requestOf",
		"credentialsIn",
		"joined",
		"keysOf",
		"isTimed",
		"Timed",
		"Watches",
	],
	...["Gate", "Policy", "ruleNames", "refusal", "noTally", "reportOf", "Teller", "clip", "flashError"],
	...["storeError", "Probation", "ProbationOptions", "Key", "TrailerSize"],
]);

/** Entries of one module that belong into the reference. */
export function entriesOf(file: string): Entry[] {
	const path = file.includes("/") ? file : `tbclient/${file}`;
	const source = readFileSync(join(root, "modules", `${path}.ts`), "utf8");
	return read(source).filter(({ name }) => !internal.has(name));
}

const text = (doc: string): string => doc.replace(/\n/g, " ").replace(/ @throws /g, "  \nThrows ");

/** A member: what it is, under its signature; nothing where name and type say it. */
const item = ({ signature, doc }: Entry): string[] =>
	doc ? ["", `- \`${signature}\`  `, `  ${text(doc).replace(/\n/g, "\n  ")}`] : ["", `- \`${signature}\``];

function section({ signature, doc, members }: Entry): string {
	const rows = members.filter(({ name }) => name !== "constructor");
	const made = members.find(({ name }) => name === "constructor");
	const lines = [
		"",
		"```ts",
		signature,
		...(made ? [made.signature.replace("constructor", "new")] : []),
		"```",
		"",
		text(doc),
	];
	if (made?.doc) lines.push("", text(made.doc));
	for (const row of rows) lines.push(...item(row));
	return lines.join("\n");
}

/** The whole page. */
export function page(): string {
	const parts = Object.entries(modules).flatMap(([specifier, file]) => {
		const entries = entriesOf(file);
		return entries.length ? [`\n## \`${specifier}\`\n${entries.map(section).join("\n")}\n`] : [];
	});
	return `# API

Made from the docstrings by \`node --import ./tools/ts.mjs tools/api.ts\`; not to be edited. Types of the host (\`JSONObject\`, \`TLSOptions\`,
\`Store\` …) are in \`hosts/contract.ts\`, error codes in [errors.md](errors.md), one program for each feature in [examples](../examples/README.md).
${parts.join("")}`;
}
