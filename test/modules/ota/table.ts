// The tables of docs/ota-states.md as data: state, event, what follows. `-`: nothing happens. Scenario specs hold each cell.
export type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

function table(events: string[], rows: Record<string, string[]>): Table {
	return Object.fromEntries(
		Object.entries(rows).map(([state, cells]) => [
			state,
			Object.fromEntries(events.map((event, index) => [event, cells[index] ?? ""])),
		]),
	);
}

const D = "DOWNLOADING";
const F = "FAILED";

export const updaterTable: Table = table(
	[
		...[
			"another package",
			"the same again",
			"running version",
			"refused package",
			"withdrawn",
			"disconnected",
		],
		...["connected", "all bytes", "failure, fresh", "failure, final", "next step", "restart"],
	],
	{
		IDLE: [D, D, "-", F, "-", "-", "-", "-", "-", "-", "-", "IDLE"],
		DOWNLOADING: [D, "-", F, F, F, "-", "-", "DOWNLOADED", D, F, "-", "IDLE"],
		DOWNLOADED: [D, "-", F, F, F, "-", "-", "-", D, F, "VERIFIED", "IDLE"],
		VERIFIED: [D, "-", F, F, F, "-", "-", "-", D, F, "UPDATING", "IDLE"],
		UPDATING: ["-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "IDLE"],
		FAILED: [D, "-", "-", F, "IDLE", "-", "-", "-", "-", "-", "-", "IDLE"],
	},
);

export const trialTable: Table = table(
	[
		"boot",
		"all proofs",
		"application fails",
		"connected",
		"timeout",
		"whole image in slot",
		"slot holds something else",
	],
	{
		STARTED: ["NONE TRIAL UPDATED WAITING CHECKING FAILED", "-", "-", "-", "REVERTED", "-", "-"],
		NONE: ["-", "-", "-", "-", "-", "-", "-"],
		TRIAL: ["-", "UPDATED", "REVERTED", "-", "REVERTED", "-", "-"],
		UPDATED: ["-", "-", "-", "-", "-", "-", "-"],
		WAITING: ["-", F, "-", F, "CHECKING", "-", "-"],
		CHECKING: ["-", "-", "-", "-", "-", "SWITCHED", F],
		SWITCHED: ["-", "-", "-", "-", "-", "-", "-"],
		FAILED: ["-", "-", "-", "-", "-", "-", "-"],
		REVERTED: ["-", "-", "-", "-", "-", "-", "-"],
	},
);

/** What a boot makes of a mod's record, by whether XS has mapped a mod, why the chip boots, and what fails. */
export const modTable: Table = table(
	[
		"mapped",
		"mapped, power loss",
		"mapped, crash",
		"not mapped",
		"not mapped, power loss",
		"not mapped, crash",
		"mapped, store fails",
		"mapped, crash, store fails",
		"mapped, flash fails",
		"mapped, flash and store fail",
	],
	{
		none: ["none", "none", "confirmed", "none", "none", "none", "none", "none, cleared", "none", "none"],
		staged: [
			"staged, cleared",
			"staged, cleared",
			"staged, cleared",
			"staged",
			"staged",
			"staged",
			"staged, cleared",
			"staged, cleared",
			"staged, restart",
			"removed",
		],
		"staged, 5 boots ago": [
			"removed, cleared",
			"removed, cleared",
			"removed, cleared",
			"removed",
			"removed",
			"removed",
			"removed, cleared",
			"removed, cleared",
			"removed",
			"removed",
		],
		copied: [
			"trial",
			"trial",
			"trial",
			"removed",
			"removed, tried again",
			"removed",
			"removed, cleared",
			"removed, cleared",
			"trial",
			"removed",
		],
		trial: [
			"removed, cleared",
			"removed, tried again, cleared",
			"removed, cleared",
			"removed",
			"removed, tried again",
			"removed",
			"removed, cleared",
			"removed, cleared",
			"removed",
			"removed",
		],
		confirmed: [
			"confirmed",
			"confirmed",
			"confirmed",
			"confirmed",
			"confirmed",
			"confirmed",
			"confirmed",
			"removed, cleared",
			"confirmed",
			"confirmed",
		],
		"confirmed, 2 crashes": [
			"confirmed",
			"confirmed",
			"removed, cleared",
			"confirmed",
			"confirmed",
			"confirmed",
			"confirmed",
			"removed, cleared",
			"confirmed",
			"confirmed",
		],
		removed: [
			"removed, cleared",
			"removed, cleared",
			"removed, cleared",
			"removed",
			"removed",
			"removed",
			"removed, cleared",
			"removed, cleared",
			"removed",
			"removed",
		],
	},
);

/** What a power cut leads to, and what the failure of the next operation of flash or store does, in every state. */
export const killedTable: Table = table(["power cut", "flash fails", "store fails"], {
	"DOWNLOADING, header": ["from the header", D, F],
	"DOWNLOADING, first block": ["from the header", D, "-"],
	"DOWNLOADING, later": ["from 64 KiB", D, "-"],
	"DOWNLOADING, proving": ["from 64 KiB", "from the header", "-"],
	DOWNLOADED: ["no request", "-", "-"],
	VERIFIED: ["no request", D, F],
	UPDATING: ["TRIAL", "-", "-"],
	TRIAL: ["CHECKING", "TRIAL", "UPDATED"],
	UPDATED: ["UPDATED", "-", "-"],
	WAITING: ["WAITING", "SWITCHED", "SWITCHED"],
	CHECKING: ["CHECKING", "SWITCHED", "SWITCHED"],
	SWITCHED: ["TRIAL", "-", "-"],
	FAILED: ["FAILED", "-", "-"],
	REVERTED: [F, "-", "-"],
});

/** The states that may follow `from`, by the table; a state of its own has no move into itself unless a cell says so. */
export function movesFrom(table: Table, from: string): string[] {
	const cells = Object.entries(table[from] ?? {}).filter(([event]) => event !== "restart");
	return cells.flatMap(([, cell]) => cell.split(" ")).filter((cell) => cell !== "-");
}
