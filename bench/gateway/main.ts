// The gateway side by side with that of ThingsBoard's Python SDK, each a process of its own, one after the other, on the same stand-in.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { RestClient } from "../../tools/peer/rest.ts";
import { startServer } from "../../tools/start/process.ts";
import { withoutPython } from "../telemetry.ts";
import { heapBytesPerChild } from "./heap.ts";
import { bytesAlone, type Outcome, type Task } from "./load.ts";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const Patience = 180_000; // ms
const window = 20; // messages that wait for their PUBACK at the same time

/** One number of children. */
export interface GatewayRow {
	children: number;
	/** Readings of three values a second. */
	ours: number;
	/** The same of the Python SDK; null with a reason where it cannot run. */
	python: number | null;
	/** Bytes of PUBLISH packets for each value. */
	bytesPerValue: number;
}

export interface Gateway {
	table: GatewayRow[];
	/** Bytes for each value where every reading is a message of its own. */
	bytesPerValueAlone: number;
	heapBytesPerChild: number;
	/** What ran. */
	versions: { ours: string; python?: string };
	/** Why the Python SDK did not. */
	reason?: string;
}

async function measure(file: string, args: string[], task: Task): Promise<Outcome> {
	const { NODE_V8_COVERAGE: _, ...outer } = process.env;
	const env = { ...outer, TASK: JSON.stringify(task), TS_PATHS: "bench/telemetry/paths.json" };
	const { stdout } = await execute(file, args, { cwd: root, timeout: Patience, killSignal: "SIGKILL", env });
	return JSON.parse(stdout.trim().split("\n").pop() ?? "") as Outcome;
}

const perSecond = ({ messages, milliseconds }: Outcome): number =>
	Math.round((messages / milliseconds) * 1000);

/** Sends so many readings for each number of children. */
export async function gateway(messages: number): Promise<Gateway> {
	const { PYTHON = "python3" } = process.env;
	const reason = await withoutPython(PYTHON);
	const { program, url, mqttPort } = await startServer(["--port", "0", "--http-port", "0"]);
	const table: GatewayRow[] = [];
	const versions: Gateway["versions"] = { ours: "" };
	try {
		const rest = new RestClient(url);
		await rest.login("tenant@thingsboard.org", "tenant");
		for (const children of [1, 10, 100]) {
			const task = async (who: string, share: number): Promise<Task> => {
				const token = `${who}-${children}`;
				const additionalInfo = { gateway: true };
				await rest.ask("POST", `/api/device?accessToken=${token}`, { name: token, additionalInfo });
				const count = Math.ceil(messages * share);
				return {
					host: "127.0.0.1",
					port: mqttPort,
					token,
					children,
					window,
					messages: count,
					warmUp: Math.ceil(count / 5),
				};
			};
			const ours = await measure(
				process.execPath,
				["--import", "./tools/ts.mjs", "bench/gateway/node.ts"],
				await task("ours", 1),
			);
			const theirs = reason
				? undefined
				: await measure(PYTHON, ["bench/gateway/peer.py"], await task("python", 0.25));
			versions.ours = ours.version;
			if (theirs) versions.python = theirs.version;
			const bytesPerValue = Math.round(100 * ours.bytesPerValue) / 100;
			table.push({
				children,
				ours: perSecond(ours),
				python: theirs ? perSecond(theirs) : null,
				bytesPerValue,
			});
		}
	} finally {
		await program.end();
	}
	const bytesPerValueAlone = Math.round(100 * bytesAlone()) / 100;
	const figures = { table, bytesPerValueAlone, heapBytesPerChild: await heapBytesPerChild(), versions };
	return reason ? { ...figures, reason } : figures;
}

/** For people. */
export function gatewayText({
	table,
	bytesPerValueAlone,
	heapBytesPerChild: heap,
	versions,
	reason,
}: Gateway): string {
	const rows = table.map(({ children, ours, python, bytesPerValue }) => {
		const other = python === null ? "not measured" : `${python}/s`;
		return `  ${String(children).padStart(3)} children  ${ours} readings/s, Python SDK ${other}; ${bytesPerValue} B for each value`;
	});
	return `Gateway, on this machine and at its present load
${rows.join("\n")}
                readings of 3 values, QoS 1, ${window} messages without PUBACK; the same stand-in, in a process of its own. A message for
                each reading would be ${bytesPerValueAlone} B for each value. ${versions.ours}; ${versions.python ?? `Python SDK: ${reason}`}
  a child       ${heap} B of heap on XS, connected and idle, with a name of 10 characters`;
}
