// What devices run decides whether a package is worth an upload.
import type { Body } from "../../../tools/peer/rest.ts";
import type { Claim } from "../../../tools/publish/check.ts";
import { CheckError } from "../../../tools/publish/errors.ts";
import { checkRunning } from "../../../tools/publish/running.ts";
import { equal, includes, ok } from "../../assert.ts";

const claim = { title: "app", version: "1.10" };

/** What comes of a package for devices that told this: "title version", or nothing. */
async function outcome(kind: "device" | "profile", ...told: string[]): Promise<string> {
	const value = (text: string | undefined) => [{ ts: 1, value: text ?? null }];
	const rest = {
		async ask(_: string, path: string): Promise<Body> {
			const [title, version] = told[Number(path.split("/")[5])]?.split(" ").filter(Boolean) ?? [];
			return { current_sw_title: value(title), current_sw_version: value(version) };
		},
	};
	const devices = told.map((_, index) => ({ id: { id: String(index) } }));
	const check = (what: Claim) => checkRunning(rest, { kind, name: "it" }, devices, "SOFTWARE", what);
	return check(claim).then(
		() => "taken",
		(error: Error) => {
			ok(error instanceof CheckError);
			return error.message;
		},
	);
}

describe("tools: a package for what runs", () => {
	it("may be taken from the same title, and by a device that has told nothing", async () => {
		for (const told of ["app 1.9", ""]) equal(await outcome("device", told), "taken");
	});

	it("is refused where it runs, or another title does", async () => {
		includes(await outcome("device", "app 1.10"), "runs app 1.10 already");
		includes(await outcome("device", "other 1.9"), 'the device runs "other", got "app"');
	});

	it("is not taken for what the server may have made of another version", async () => {
		equal(await outcome("device", "app 1.1"), "taken");
	});

	it("of a profile is worth it when one of its devices may take it", async () => {
		equal(await outcome("profile", "app 1.10", "other 1"), "taken");
		equal(await outcome("profile"), "taken");
		includes(
			await outcome("profile", "other 1", "third 1", ""),
			'profile it run "other", "third", got "app"',
		);
	});
});
