// The stand-in's speed, beside mosquitto's and a plain copy's, on this machine, one after another in one run.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { idOf, RestClient } from "../tools/peer/rest.ts";
import { startServer } from "../tools/start/process.ts";
import type { Fetch } from "./standin/fetch.ts";
import type { Job, Load } from "./standin/load.ts";
import { missing, startMosquitto } from "./standin/mosquitto.ts";

/** Connections that are measured, one row each. */
const counts = [1, 10, 100];
const window = 20;
const chunk = 4096;
const topic = "v1/devices/me/telemetry";
const payload = '{"temperature":21.5,"humidity":40,"count":1}';
const root = fileURLToPath(new URL("..", import.meta.url));

/** Rates of one number of connections. */
interface Row {
	connections: number;
	standin: Load;
	mosquitto: Load | null;
}

/** Messages per second, microseconds of processor time, milliseconds, bytes per second. */
export interface Standin {
	telemetry: Row[];
	/** From the start of the process until it listens; median. */
	startMs: number;
	firmware: { bytesPerSecond: number; tcpCopyBytesPerSecond: number };
	/** Why figures are null. */
	missing?: string;
}

/** Measures. `quick`: so short that the figures only show that it works. */
export async function standin(quick = false): Promise<Standin> {
	const times = quick ? { warmUp: 100, time: 200 } : { warmUp: 1000, time: 3000 };
	const bytes = (quick ? 1 : 8) * 1024 * 1024;
	const starts: number[] = [];
	for (let i = 0; i < (quick ? 1 : 3); i++) starts.push(await startTime());
	const [ours, theirs] = [await loads(standinServer, times), await loads(startMosquitto, times)];
	const telemetry = counts.map((connections, i) => ({
		connections,
		standin: (ours as Load[])[i] as Load,
		mosquitto: theirs?.[i] ?? null,
	}));
	return {
		telemetry,
		startMs: Math.round(starts.sort((a, b) => a - b)[starts.length >> 1] ?? 0),
		firmware: { bytesPerSecond: await firmware(bytes), tcpCopyBytesPerSecond: await copy(bytes) },
		...(theirs ? {} : { missing }),
	};
}

/** The figures for a person. */
export function standinText({ telemetry, startMs, firmware, missing }: Standin): string {
	const load = ({ perSecond, cpuMicros }: Load) => `${perSecond}/s, ${cpuMicros ?? "?"} µs of CPU each`;
	const rows = telemetry.map(({ connections, standin, mosquitto }) => {
		const other = mosquitto ? load(mosquitto) : `not measured: ${missing}`;
		return `  ${String(connections).padEnd(4)}connections  ${load(standin)}; mosquitto ${other}`;
	});
	const kBps = (rate: number) => `${Math.round(rate / 1000)} kB/s`;
	return `Stand-in ThingsBoard, on this machine and at its present load
${rows.join("\n")}
                telemetry of 3 values, acknowledged at QoS 1; the load comes from a process of its own, ${window} messages of each
                connection on their way
  start         ${startMs} ms from the start of the process until it listens
  firmware      ${kBps(firmware.bytesPerSecond)} to one client (chunks of ${chunk} B, ${window} requests on their way); a plain TCP copy
                of the same bytes ${kBps(firmware.tcpCopyBytesPerSecond)}`;
}

async function startTime(): Promise<number> {
	const began = performance.now();
	const { program } = await startServer(["--port", "0", "--http-port", "0"]);
	const time = performance.now() - began;
	await program.end();
	return time;
}

/** Something that takes messages, and the users it knows. */
interface Server {
	port: number;
	pid: number;
	end(): Promise<void>;
}

const users = Array.from({ length: Math.max(...counts) }, (_, i) => `BENCH_${i}`);

/** A stand-in with a device for every user. */
async function standinServer(): Promise<Server & { rest: RestClient }> {
	const { program, url, mqttPort } = await startServer(["--port", "0", "--http-port", "0"]);
	const rest = new RestClient(url);
	await rest.login("tenant@thingsboard.org", "tenant");
	for (const user of users) await rest.ask("POST", `/api/device?accessToken=${user}`, { name: user });
	return { port: mqttPort, pid: program.child.pid ?? 0, end: () => program.end(), rest };
}

/** All rows of one server; a fresh server for each, for memory of the last row is not this one's. */
async function loads(
	start: () => Promise<Server | undefined>,
	times: Pick<Job, "warmUp" | "time">,
): Promise<Load[] | undefined> {
	const rows: Load[] = [];
	for (const count of counts) {
		const server = await start();
		if (!server) return undefined;
		const { port, pid } = server;
		const job: Job = { port, pid, users: users.slice(0, count), topic, payload, window, ...times };
		try {
			rows.push(await run<Load>("bench/standin/load.ts", job));
		} finally {
			await server.end();
		}
	}
	return rows;
}

async function firmware(bytes: number): Promise<number> {
	const { port, rest, end } = await standinServer();
	try {
		const user = users[0] ?? "";
		const device = await rest.ask("GET", `/api/tenant/devices?deviceName=${user}`);
		const { deviceProfileId } = device as { deviceProfileId: object };
		const info = { title: "bench", version: "1", type: "FIRMWARE", deviceProfileId };
		const id = idOf(await rest.ask("POST", "/api/otaPackage", info));
		const form = new FormData();
		form.append("file", new Blob([new Uint8Array(bytes)]), "bench.bin");
		await rest.ask("POST", `/api/otaPackage/${id}?checksumAlgorithm=CRC32`, form);
		await rest.ask("POST", "/api/device", {
			...(device as object),
			firmwareId: { entityType: "OTA_PACKAGE", id },
		});
		return await fetched({ port, bytes, user, chunk, window });
	} finally {
		await end();
	}
}

async function copy(bytes: number): Promise<number> {
	const child = spawn(
		process.execPath,
		["--import", "./tools/ts.mjs", "bench/standin/copy.ts", String(bytes)],
		{
			cwd: root,
			stdio: ["pipe", "pipe", "inherit"],
		},
	);
	const gone = once(child, "exit");
	const [line] = (await once(child.stdout, "data")) as [Buffer];
	try {
		return await fetched({
			port: (JSON.parse(line.toString()) as { port: number }).port,
			bytes,
			chunk,
			window,
		});
	} finally {
		child.stdin.end();
		await gone;
	}
}

const fetched = async (job: Fetch): Promise<number> =>
	(await run<{ perSecond: number }>("bench/standin/fetch.ts", job)).perSecond;

/** Runs a program of the bench to its end and gives what it printed. */
async function run<T>(file: string, job: object): Promise<T> {
	const child = spawn(process.execPath, ["--import", "./tools/ts.mjs", file, JSON.stringify(job)], {
		cwd: root,
		stdio: ["ignore", "pipe", "inherit"],
	});
	let text = "";
	child.stdout.on("data", (data) => {
		text += data;
	});
	const [status] = await once(child, "close");
	if (status === 0) return JSON.parse(text) as T;
	throw new Error(`${file}: expected it to end with 0, it ended with ${status}`);
}
