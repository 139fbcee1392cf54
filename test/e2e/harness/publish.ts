// `npm run publish-firmware` as an operator runs it, with what it says.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildImage } from "../../../hosts/virtual/image.ts";
import { Target, XSVersion } from "../../../hosts/virtual/target.ts";
import type { Body } from "../../../tools/peer/rest.ts";
import { newKey } from "../../../tools/publish/sign.ts";
import { root } from "../../../tools/test/run.ts";
import { equal, includes } from "../../assert.ts";
import { eventually, type Site, type SiteDevice } from "./site.ts";

/** How a run ended. */
export interface Run {
	status: number | null;
	stdout: string;
	stderr: string;
}

/** One run. */
export class Publication {
	/** Resolves when it has ended. */
	readonly ended: Promise<Run>;
	#run: Run = { status: null, stdout: "", stderr: "" };
	#heard = new Set<() => void>();

	/** `url` of the server, the command line behind it, and more of the environment. */
	constructor(url: string, words: readonly string[], env: Record<string, string> = {}) {
		const tool = ["--import", "./tools/ts.mjs", "tools/publish-firmware.ts", "--host", url, "--json"];
		const child = spawn(process.execPath, [...tool, ...words], {
			cwd: root,
			env: { ...process.env, ...env },
		});
		for (const stream of ["stdout", "stderr"] as const)
			child[stream].on("data", (bytes) => {
				this.#run[stream] += bytes;
				for (const listener of this.#heard) listener();
			});
		this.ended = new Promise((done) =>
			child.once("close", (status) => {
				this.#run.status = status;
				done(this.#run);
			}),
		);
	}

	/** Resolves when stderr has the text. @throws Error when the tool ends without having said it */
	async said(text: string): Promise<void> {
		const heard = new Promise<boolean>((done) => {
			const listen = () => this.#run.stderr.includes(text) && done(true);
			this.#heard.add(listen);
			listen();
		});
		const end = this.ended.then(() => this.#run.stderr.includes(text));
		if (await Promise.race([heard, end])) return;
		throw new Error(`publish: expected it to say "${text}", it ended with ${JSON.stringify(this.#run)}`);
	}
}

/** The last line of JSON. */
export const report = ({ stdout }: Run): Body => JSON.parse(stdout) as Body;

/** Who publishes tiny images, and a device that says what the spec wants. */
export class Operator {
	readonly title = "tool";
	/** A private key. */
	readonly key: string;
	readonly #site: Site;
	readonly #folder = mkdtempSync(join(tmpdir(), "operator-"));

	constructor(site: Site) {
		this.#site = site;
		this.key = this.file("key.pem", Buffer.from(newKey()));
	}

	/** Removes the files. */
	close(): void {
		rmSync(this.#folder, { recursive: true, force: true });
	}

	path(name: string): string {
		return join(this.#folder, name);
	}

	/** Writes a file; returns its path. */
	file(name: string, bytes: Uint8Array): string {
		writeFileSync(this.path(name), bytes);
		return this.path(name);
	}

	/** The words for an image of that version with that script. */
	image(version: string, script = "script"): string[] {
		const identity = { title: this.title, version, target: Target, xs: XSVersion };
		const image = buildImage({ identity, payload: Buffer.from(script) });
		const name = `${createHash("sha256").update(image).digest("hex")}.bin`;
		return ["--title", this.title, "--version", version, "--image", this.file(name, image)];
	}

	start(...words: string[]): Publication {
		return new Publication(this.#site.rest.url, words);
	}

	publish(...words: string[]): Promise<Run> {
		return this.start(...words).ended;
	}

	/** Holds that it ends with 2, and says why for people and programs. */
	async mistakes(text: string, ...words: string[]): Promise<void> {
		const run = await this.publish(...words);
		equal(run.status, 2, run.stderr);
		includes(run.stderr, text);
		includes(String(report(run).error), text);
	}

	/** A device, and the words that give it a package. */
	async target(name: string): Promise<[SiteDevice, ...string[]]> {
		const device = await this.#site.device(name);
		return [device, "--assign", `device=${device.name}`];
	}

	/** Waits until the device is offered that version. */
	async offered({ id }: SiteDevice, version: string): Promise<void> {
		await eventually(`offer of ${version}`, async () => {
			const { fw_version } = await this.#site.attributes(id, "SHARED_SCOPE");
			const { fw_state } = await this.#site.latest(id, "fw_state");
			return fw_version === version && fw_state?.value === "INITIATED";
		});
	}

	/** The device tells a state, what runs, and more. */
	async tell(
		{ id }: SiteDevice,
		fw_state: string,
		current_fw_version: string,
		more: Body = {},
	): Promise<void> {
		const values = { current_fw_title: this.title, current_fw_version, fw_state, ...more };
		await this.#site.rest.ask("POST", `/api/plugins/telemetry/DEVICE/${id}/timeseries/any`, values);
	}
}
