// The debugger's end of the xsbug protocol, as far as a runner without a screen needs it: start the machine, read what it traces.
import { createServer, type Server, type Socket } from "node:net";

/** What a debug session tells. `machine` is the name the machine logs in with; the simulator itself is `mcsim`. */
export interface DebugEvents {
	onLine(text: string): void;
	/** The machine stopped at an exception (a caught one, too) or `debugger` statement; it is sent on its way. */
	onBreak?(message: string, frames: string[]): void;
	/** The application's machine is gone. */
	onDisconnect?(): void;
}

/** The simulator's own user interface runs on an XS machine too. */
const Shell = "mcsim";
const End = "</xsbug>";
const MaxDocument = 1 << 20; // characters; what is longer is no message of XS

const Entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

/** XML text to plain text. */
export function unescapeXML(text: string): string {
	return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code: string | undefined, name: string | undefined) =>
		code === undefined ? (Entities[name ?? ""] ?? whole) : String.fromCharCode(Number(code)),
	);
}

/** One machine's connection: documents, each ended by `</xsbug>`. */
class Session {
	#socket: Socket;
	#events: DebugEvents;
	#text = "";
	#line = "";
	#name: string | undefined;

	constructor(socket: Socket, events: DebugEvents) {
		this.#socket = socket;
		this.#events = events;
		socket.setEncoding("utf8");
		socket.on("data", (text: string) => this.#receive(text));
		socket.on("error", () => undefined); // a killed simulator resets; "close" follows
		socket.on("close", () => this.#close());
	}
	#receive(text: string): void {
		this.#text += text;
		for (let end = this.#text.indexOf(End); end >= 0; end = this.#text.indexOf(End)) {
			const document = this.#text.slice(0, end + End.length);
			this.#text = this.#text.slice(end + End.length);
			this.#document(document);
		}
		if (this.#text.length > MaxDocument) this.#socket.destroy();
	}
	#document(document: string): void {
		const login = /<login name="([^"]*)"/.exec(document);
		if (login) this.#start(unescapeXML(login[1] ?? ""));
		if (this.#name !== Shell)
			for (const [, text] of document.matchAll(/<log[^>]*>([\s\S]*?)<\/log>/g))
				this.#log(unescapeXML(text ?? ""));
		const stop = /<break[^>]*>([\s\S]*?)<\/break>/.exec(document);
		if (!stop) return;
		const frames = [
			...document.matchAll(/<frame name="([^"]*)"[^>]*?(?:path="([^"]*)" line="([^"]*)")?\/>/g),
		];
		if (this.#name !== Shell)
			this.#events.onBreak?.(
				unescapeXML(stop[1] ?? "").trim(),
				frames.map(([, name, path, line]) => `${unescapeXML(name ?? "")} ${path ?? ""}:${line ?? ""}`),
			);
		this.#send("<go/>");
	}
	#start(name: string): void {
		if (this.#name !== undefined) return;
		this.#name = name;
		this.#send("<go/>");
		const all = this.#name === Shell ? "" : '<breakpoint path="exceptions" line="0" id="@0"/>';
		this.#send(`<set-all-breakpoints>${all}</set-all-breakpoints>`);
	}
	#log(text: string): void {
		const lines = (this.#line + text).split("\n");
		this.#line = lines.pop() ?? "";
		for (const line of lines) this.#events.onLine(line);
	}
	#close(): void {
		if (this.#line) this.#events.onLine(this.#line);
		this.#line = "";
		if (this.#name !== undefined && this.#name !== Shell) this.#events.onDisconnect?.();
	}
	#send(command: string): void {
		this.#socket.write(`\r\n${command}\r\n`);
	}
}

/** Listens for machines on a free port of 127.0.0.1; `close()` it afterwards. */
export async function listen(events: DebugEvents): Promise<{ server: Server; port: number }> {
	const server = createServer((socket) => new Session(socket, events));
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(0, "127.0.0.1", resolve);
	});
	const address = server.address();
	if (address === null || typeof address === "string")
		throw new Error(`xsbug port: expected a TCP port, got ${address}`);
	return { server, port: address.port };
}
