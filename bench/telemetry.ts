// Acknowledged QoS 1 telemetry, side by side: TBClient on Node and on XS, ThingsBoard's Python SDK, MQTT.js. Each a process of its own, one
// after the other, against the same stand-in, with the same readings and the same number of unacknowledged messages.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { workerBuilt } from "../hosts/virtual/worker.ts";
import { startServer } from "../tools/start/process.ts";
import { Rest } from "../tools/start/rest.ts";
import type { Outcome, Task } from "./telemetry/load.ts";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const Patience = 180_000; // ms a client may take
/** Messages that wait for their PUBACK at the same time: what paho allows by itself. */
export const window = 20;

/** One client's figures; null with a reason where it cannot run. */
export interface Rate {
	messagesPerSecond: number | null;
	cpuMicrosecondsPerMessage: number | null;
	/** What ran, or why nothing did. */
	version?: string;
	reason?: string;
}

export type Telemetry = Record<"node" | "xs" | "python" | "mqttjs", Rate>;

/** How a client is started. */
interface Peer {
	file: string;
	args: string[];
	env?: Record<string, string>;
	/** Share of the messages: slow ones get fewer. */
	share: number;
	/** Why it cannot run here. */
	missing?: string | undefined;
}

const typescript = (name: string): string[] => ["--import", "./tools/ts.mjs", `bench/telemetry/${name}.ts`];

async function peers(): Promise<Record<keyof Telemetry, Peer>> {
	const { PYTHON = "python3" } = process.env;
	const node = process.execPath;
	return {
		node: { file: node, args: typescript("node"), env: { TS_PATHS: "bench/telemetry/paths.json" }, share: 1 },
		xs: {
			...{ file: node, args: typescript("xs"), share: 0.25 },
			missing: workerBuilt() ? undefined : "the XS worker is not built (npm run xs)",
		},
		python: {
			file: PYTHON,
			args: ["bench/telemetry/peer.py"],
			share: 0.5,
			missing: await withoutPython(PYTHON),
		},
		mqttjs: { file: node, args: typescript("mqttjs"), share: 1 },
	};
}

/** Asks for the packages by name: importing the SDK where paho's fork is missing would install it. */
export async function withoutPython(python: string): Promise<string | undefined> {
	const names = ["tb-mqtt-client", "tb-paho-mqtt-client"].map((name) => `version("${name}")`).join("; ");
	try {
		await execute(python, ["-c", `from importlib.metadata import version; ${names}`]);
		return undefined;
	} catch {
		return `${python} has no tb-mqtt-client (pip install tb-mqtt-client tb-paho-mqtt-client; PYTHON names another)`;
	}
}

async function measure({ file, args, env, missing }: Peer, task: Task): Promise<Rate> {
	const none = { messagesPerSecond: null, cpuMicrosecondsPerMessage: null };
	if (missing) return { ...none, reason: missing };
	try {
		const { NODE_V8_COVERAGE: _, ...outer } = process.env;
		const { stdout } = await execute(file, args, {
			...{ cwd: root, timeout: Patience, killSignal: "SIGKILL" },
			env: { ...outer, ...env, TASK: JSON.stringify(task) },
		});
		const { version, messages, milliseconds, cpu } = JSON.parse(
			stdout.trim().split("\n").pop() ?? "",
		) as Outcome;
		return {
			messagesPerSecond: Math.round((messages / milliseconds) * 1000),
			cpuMicrosecondsPerMessage: Math.round((10 * cpu) / messages) / 10,
			version,
		};
	} catch (error) {
		const { stderr, message } = error as Error & { stderr?: string };
		return { ...none, reason: `it ran and failed: ${(stderr || message).trim().split("\n").pop()}` };
	}
}

/** Measures all four. `messages`: as many as the fastest ones send. */
export async function telemetry(messages: number): Promise<Telemetry> {
	const { program, url, mqttPort } = await startServer(["--port", "0", "--http-port", "0"]);
	try {
		const rest = new Rest(url);
		await rest.login("tenant@thingsboard.org", "tenant");
		const rates: Partial<Telemetry> = {};
		for (const [name, peer] of Object.entries(await peers()) as [keyof Telemetry, Peer][]) {
			await rest.device(name, `bench-${name}`);
			const count = Math.ceil(messages * peer.share);
			rates[name] = await measure(peer, {
				...{ host: "127.0.0.1", port: mqttPort, token: `bench-${name}` },
				...{ warmUp: Math.ceil(count / 5), messages: count, window },
			});
		}
		return rates as Telemetry;
	} finally {
		await program.end();
	}
}
