// mosquitto as it comes, on a free port, with everybody let in and nothing written down.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A running broker. */
export interface Mosquitto {
	port: number;
	pid: number;
	end(): Promise<void>;
}

/** Why there is none. */
export const missing = "mosquitto is not installed";

/** Where a program is: PATH, and where Debian puts daemons. */
function find(name: string): string | undefined {
	const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
	return folders.map((folder) => join(folder, name)).find(runnable);
}

function runnable(file: string): boolean {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/** Starts it; `undefined` where it is not installed. */
export async function startMosquitto(): Promise<Mosquitto | undefined> {
	const program = find("mosquitto");
	if (!program) return undefined;
	const folder = mkdtempSync(join(tmpdir(), "mosquitto-"));
	const port = await freePort();
	const file = join(folder, "mosquitto.conf");
	writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n`);
	const child = spawn(program, ["-c", file], { stdio: "ignore" });
	await listening(port, child);
	const end = async () => {
		const gone = once(child, "exit");
		child.kill("SIGTERM");
		await gone;
		rmSync(folder, { recursive: true });
	};
	return { port, pid: child.pid ?? 0, end };
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as { port: number };
	server.close();
	await once(server, "close");
	return port;
}

/** Tries to connect until it can, or the program is gone. */
async function listening(port: number, child: ChildProcess): Promise<void> {
	while (child.exitCode === null) {
		const socket = connect(port, "127.0.0.1");
		const open = await new Promise<boolean>((done) => {
			socket.once("connect", () => done(true));
			socket.once("error", () => setTimeout(done, 20, false));
		});
		socket.destroy();
		if (open) return;
	}
	throw new Error(`mosquitto: expected it to listen on ${port}, it ended with ${child.exitCode}`);
}
