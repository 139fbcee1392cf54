import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nextVersion } from "../../tools/next-app.ts";
import { root, run } from "./program.ts";

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const steps = [
	"telemetry",
	"client attributes",
	"shared attribute obeyed",
	"RPC answered",
	"firmware offered",
	"fw_state DOWNLOADING",
	"fw_state DOWNLOADED",
	"fw_state VERIFIED",
	"fw_state UPDATING",
	"restart into the other slot",
	"fw_state UPDATED",
	"confirmed version",
	"telemetry of the new build",
];

describe("npm start", function () {
	this.timeout(300_000);
	const state = mkdtempSync(join(tmpdir(), "board-"));
	const start = (...args: string[]) => run("tools/start.ts", ["--exit", "--state", state, ...args]);
	after(() => rmSync(state, { recursive: true }));

	it("plays every step, in order, and ends with 0", async () => {
		const { status, text } = await start();
		assert.equal(status, 0, text);
		const seen = [...text.matchAll(/^✓ (.+?) {2,}/gm)].map(([, step]) => step);
		assert.deepEqual(seen, steps, text);
		assert.match(text, new RegExp(`${version} → ${nextVersion(version)}`));
		assert.match(text, /ota_0 → ota_1/);
	});

	it("continues the same board and offers the version after that", async () => {
		const { status, text } = await start();
		assert.equal(status, 0, text);
		const now = nextVersion(version);
		assert.match(text, new RegExp(`${now} → ${nextVersion(now)}`));
		assert.match(text, /ota_1 → ota_0/);
	});

	it("killed in the middle of a trial, it finishes that update and then the next", async () => {
		const killed = await run("tools/start.ts", ["--exit", "--state", state], (sofar, kill) => {
			if (/boot ota_1 \S+, reset SW/.test(sofar)) kill("SIGKILL");
		});
		assert.equal(killed.status, "SIGKILL", killed.text);
		const { status, text } = await start();
		assert.equal(status, 0, text);
		assert.match(text, /telemetry of the new build/);
	});

	it("says which version comes after the one that runs", async () => {
		const { text } = await run("tools/start.ts", ["--state", state], (sofar, kill) => {
			if (/publish-firmware .*\n/.test(sofar)) kill("SIGINT");
		});
		const [, now = ""] = /current_fw_version (\S+)/.exec(text) ?? [];
		assert.ok(text.includes(`--version ${nextVersion(now)} --assign device="Virtual ESP32"`), text);
	});

	it("powers the board on again when its process was killed, and goes on with stand-in and flash", async () => {
		const plug = /kill -9 (\d+) pulls the plug/g;
		let killed = false;
		const { status, text } = await run("tools/start.ts", ["--state", state], (sofar, kill) => {
			const pids = [...sofar.matchAll(plug)].map(([, pid]) => Number(pid));
			if (!killed && pids[0] && sofar.includes("The board stays up")) {
				killed = true;
				process.kill(pids[0], "SIGKILL");
			}
			if (/has lost power.*reset POWERON.*tb: connected/s.test(sofar)) kill("SIGINT");
		});
		assert.equal(status, 0, text);
		assert.match(text, /lost power \(its process ended with SIGKILL\); power comes back in a second/);
	});

	it("refuses a second start on the same board", async () => {
		let other = "";
		await run("tools/start.ts", ["--state", state], (sofar, kill) => {
			if (other || !sofar.includes("MQTT 127.0.0.1")) return;
			other = "started";
			start().then(({ status, text }) => {
				other = `${status} ${text}`;
				kill("SIGINT");
			});
		});
		assert.match(other, /^1 .*this board is running already/);
	});

	it("--boards 2 updates two boards on one stand-in, and ends with 0", async () => {
		const { status, text } = await start("--boards", "2");
		assert.equal(status, 0, text);
		for (const label of ["board 1 │ ota: confirmed", "board 2 │ ota: confirmed"])
			assert.ok(text.includes(label), text);
		assert.match(text, /Complete: all 2 boards run the new firmware/);
	});

	it("--fresh begins with a new flash", async () => {
		const { text } = await run("tools/start.ts", ["--exit", "--state", state, "--fresh"], (sofar, kill) => {
			if (sofar.includes(`boot ota_0 ${version}`)) kill("SIGTERM");
		});
		assert.match(text, new RegExp(`boot ota_0 ${version}`));
	});

	it("names the step that the server did not see, and ends with 1", async () => {
		const { status, text } = await start("--patience", "0");
		assert.equal(status, 1, text);
		assert.match(text, /✗ telemetry/);
		assert.match(text, /Not complete: telemetry/);
	});

	it("--help tells the options and ends with 0", async () => {
		const { status, text } = await run("tools/start.ts", ["--help"]);
		assert.equal(status, 0);
		for (const option of ["--exit", "--fresh", "--state", "--host", "--port", "--token", "--patience"])
			assert.ok(text.includes(option), option);
	});

	const refused: Record<string, RegExp> = {
		"--host 127.0.0.1": /--host and --token belong together: expected both or none/,
		"--port 1884": /--port is that of your own ThingsBoard: expected --host and --token with it/,
		"--host a --token b --patience 3 --exit": /expected it without --exit, --patience/,
		"--example telemetry --state DIR": /--example lives .*: expected it without --state/,
		"--example nothing": /--example: expected one of .*telemetry.*, got nothing/,
		"--boards 0": /--boards: expected 1 to 20, got "0"/,
		"--patience soon": /--patience: expected 0 to 86400, got "soon"/,
		"--state app.ts": /--state: expected a folder for the board's flash, got the file app.ts/,
		"--state app.ts/board": /--state: expected a folder that can be made, got app.ts\/board \(ENOTDIR\)/,
		"--nothing": /Unknown option '--nothing'/,
	};
	for (const [words, reason] of Object.entries(refused))
		it(`refuses ${words} with 2, and says what was expected`, async () => {
			const { status, text } = await run("tools/start.ts", words.split(" "));
			assert.match(text, reason);
			assert.equal(status, 2);
		});
});
