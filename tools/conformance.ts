// `npm run conformance`: how any ThingsBoard answers the questions of the wire table.
import { args } from "./args.ts";
import { conformance, type Result } from "./conformance/run.ts";
import { RestClient } from "./peer/rest.ts";
import { broker, Site } from "./peer/site.ts";

const usage = {
	command: "npm run conformance --",
	about: `Asks a ThingsBoard one question per item of the checklist (14.1 to 14.24) and of the traps (1 to 48), by MQTT and REST, as its
tenant administrator. What it makes there has a prefix of its own and is deleted again. Each row holds, differs (expected, got)
or was not asked (why). Status 0 when none differs, 1 when one does, 2 when the server cannot be asked.`,
	options: {
		url: { help: "REST, e.g. http://127.0.0.1:8080", value: "URL" },
		mqtt: {
			help: "MQTT as HOST, HOST:PORT or mqtts://HOST[:PORT]; default: the host of --url",
			value: "WHERE",
		},
		user: { help: "a tenant administrator", value: "NAME", default: "tenant@thingsboard.org" },
		password: { help: "their password; or TB_PASSWORD in the environment", value: "TEXT" },
		only: {
			help: "only rows whose items or title contain TEXT, e.g. 14.8 or trap",
			value: "TEXT",
			default: "",
		},
		slow: { help: "rows too that take 5 s to 10 min each" },
		"no-derived": { help: "without the rows that were only derived from the server's code" },
		patience: { help: "longest wait for an answer", value: "MS", default: "10000" },
		settle: { help: "how long nothing has to come to count as silence", value: "MS", default: "500" },
		inactivity: { help: "the server's session inactivity timeout", value: "MS", default: "600000" },
		"client-rpc": { help: "its timeout of client-side RPC", value: "MS", default: "60000" },
		json: { help: "one JSON object on stdout, progress on stderr" },
	},
} as const;

const options = args(usage);
const mark = { holds: "✓", differs: "✗", "not asked": "-" } as const;

/** A row as a person reads it. */
function line(result: Result): string {
	const { verdict, items, title, derived } = result;
	const head = `${mark[verdict]} ${items.join(", ").padEnd(18)} ${title}${derived ? " (derived)" : ""}`;
	if (result.verdict === "differs")
		return `${head}\n    expected ${result.expected}\n    got      ${result.got}`;
	return result.verdict === "not asked" ? `${head}${title ? ": " : ""}not asked, ${result.why}` : head;
}

function number(name: "patience" | "settle" | "inactivity" | "client-rpc"): number {
	const value = Number(options[name]);
	if (/^\d+$/.test(options[name])) return value;
	throw new Error(`--${name}: expected milliseconds, got ${JSON.stringify(options[name])}`);
}

async function open(): Promise<Site> {
	const { url, mqtt, user, password = process.env.TB_PASSWORD ?? "tenant" } = options;
	if (!url) throw new Error("expected --url, e.g. --url http://127.0.0.1:8080. All options: --help");
	const rest = new RestClient(url);
	await rest.login(user, password);
	return new Site(rest, broker(mqtt ?? new URL(url).hostname), { patience: number("patience") });
}

async function main(): Promise<number> {
	const limits = {
		patience: number("patience"),
		settle: number("settle"),
		inactivity: number("inactivity"),
		clientRpc: number("client-rpc"),
		rpcAck: 10_000,
		provisionClose: 60_000,
	};
	const site = await open();
	const choice = { derived: !options["no-derived"], slow: options.slow, only: options.only };
	const say = options.json ? console.error : console.log;
	const results = await conformance(site, limits, choice, (result) => say(line(result))).finally(() =>
		site.close(),
	);
	const count = (verdict: Result["verdict"]) => results.filter((result) => result.verdict === verdict).length;
	const [holds, differs, left] = [count("holds"), count("differs"), count("not asked")];
	if (options.json)
		console.log(JSON.stringify({ url: options.url, holds, differs, notAsked: left, rows: results }));
	else console.log(`\n${holds} hold, ${differs} differ, ${left} not asked`);
	return differs || !holds ? 1 : 0;
}

main().then(
	(status) => process.exit(status),
	(error: Error) => {
		console.error(`conformance: ${error.message}`);
		process.exit(2);
	},
);
