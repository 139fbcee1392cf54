// Whose end is it that a device tells? What can be known from its telemetry, and what cannot.
import { judge, type Point, type Told } from "../../../tools/publish/told.ts";
import { deepEqual, equal, ok } from "../../assert.ts";

const claim = { title: "app", version: "1.2" };

/** Told one after the other: `state`, or `state error`, or `runs version`. */
function told(...lines: string[]): Told {
	const series = { state: [], progress: [], error: [], title: [], version: [], hold: [] } as Record<
		keyof Told,
		Point[]
	>;
	lines.forEach((line, ts) => {
		const [word = "", ...rest] = line.split(" ");
		const text = rest.join(" ");
		const put = (key: keyof Told, value: string) => series[key].push({ ts, value });
		if (word === "runs" || (word === "UPDATED" && text)) {
			put("title", "app");
			put("version", text);
		}
		if (word === "FAILED") put("error", text);
		if (word === "held") put("hold", text);
		if (word !== "runs" && word !== "held") put("state", word);
	});
	return series;
}
const ends = (...lines: string[]): string => {
	const { end, isDoubtful, error } = judge(told(...lines), claim);
	return [end ?? "open", isDoubtful ? "perhaps" : "", error].filter(Boolean).join(" ");
};
const offer = ["QUEUED", "INITIATED"];
const reverted = (version: string) =>
	`OTA_REVERTED: ${version}: trial: expected a confirmation, got reset PANIC`;

describe("tools: the end of an update", () => {
	it("is UPDATED with the version that was assigned, told before or after it", () => {
		equal(ends(...offer, "DOWNLOADING", "UPDATED 1.2"), "UPDATED");
		equal(ends(...offer, "runs 1.2", "UPDATED"), "UPDATED");
		equal(ends(...offer, "UPDATED", "runs 1.2"), "UPDATED");
		equal(ends(...offer, "UPDATED 1.2", "QUEUED", "FAILED OTA_FLASH"), "UPDATED");
	});

	it("is not that of another version, or of nobody knows which", () => {
		equal(ends(...offer, "UPDATED 1.1"), "open");
		equal(ends(...offer, "UPDATED"), "open");
		equal(ends(...offer, "UPDATED 1.1", "DOWNLOADING", "runs 1.2"), "open");
	});

	it("tells numbers as the server does", () => {
		const ten = { title: "app", version: "1.10" };
		equal(judge(told(...offer, "UPDATED 1.1"), ten).end, "UPDATED");
		equal(judge(told(...offer, "UPDATED 1.1.0"), { ...ten, version: "1.1" }).end, undefined);
	});

	it("is FAILED once the device has begun after the offer", () => {
		equal(ends(...offer, "DOWNLOADING", "FAILED OTA_FLASH: write"), "FAILED OTA_FLASH: write");
		equal(ends(...offer, "UPDATING", `FAILED ${reverted("1.2")}`), `FAILED ${reverted("1.2")}`);
	});

	it("is FAILED without a begin when the reason names the package", () => {
		for (const why of [
			'OTA_DOWNGRADE: fw_version: expected a version above "2.0", got "1.2"',
			'OTA_TITLE: fw_title: expected "other", got "app"',
			reverted("1.2"),
		])
			equal(ends(...offer, `FAILED ${why}`), `FAILED ${why}`);
	});

	it("is not the failure that names another version, whatever has begun", () => {
		equal(ends(...offer, "DOWNLOADING", `FAILED ${reverted("1.1")}`), `open ${reverted("1.1")}`);
		equal(ends(...offer, "DOWNLOADING", `FAILED ${reverted("1.2.1")}`), `open ${reverted("1.2.1")}`);
	});

	it("is doubtful when nothing has begun, or nothing was offered yet", () => {
		const size = "OTA_SIZE: fw_size: expected at most 1900544 bytes, got 1.21e6";
		equal(ends(...offer, `FAILED ${size}`), `FAILED perhaps ${size}`);
		equal(ends("DOWNLOADING", "FAILED OTA_FLASH"), "FAILED perhaps OTA_FLASH");
		equal(ends("DOWNLOADING", ...offer, "FAILED OTA_FLASH"), "FAILED perhaps OTA_FLASH");
	});

	it("is open again when something follows a doubtful failure", () => {
		equal(ends(...offer, "FAILED OTA_FLASH", "DOWNLOADING"), "open OTA_FLASH");
	});

	it("is open again when the device tries again after a failure of ours, or is offered it again", () => {
		const failed = [...offer, "DOWNLOADING", "FAILED OTA_TIMEOUT"];
		equal(ends(...failed, "DOWNLOADING"), "open OTA_TIMEOUT");
		equal(ends(...failed, ...offer), "open OTA_TIMEOUT");
		equal(ends(...failed, "UPDATED 1.1"), "FAILED OTA_TIMEOUT");
		equal(ends(...failed, "DOWNLOADING", "FAILED OTA_FLASH"), "FAILED OTA_FLASH");
	});

	it("is open while a rule holds it, and says which", () => {
		const held = judge(told(...offer, "held paused by ota_pause"), claim);
		deepEqual([held.end, held.state, held.hold], [undefined, "INITIATED", "paused by ota_pause"]);
		equal(judge(told(...offer, "held paused by ota_pause", "held"), claim).hold, "");
		equal(judge(told("held paused", ...offer, "UPDATED 1.2"), claim).hold, "");
	});

	it("says what runs", () => {
		deepEqual(judge(told(...offer, "runs 1.1"), claim).runs, { title: "app", version: "1.1" });
		ok(!judge(told(), claim).end);
	});
});
