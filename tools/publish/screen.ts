// A publication on a terminal: lines, and a bar while firmware flows; for programs all of it goes to stderr.
import { done, line, missing } from "../start/show.ts";
import type { Talk } from "./talk.ts";

const Width = 32;
const Erase = "\r\u001b[K";

/** Says everything to a program's stderr: stdout is for one JSON object. */
export const quietly: Talk = {
	step: (name, seen) => console.error(`${name}: ${seen}`),
	fail: (name, seen) => console.error(`${name}: ${seen}`),
	note: (text) => console.error(text),
	warn: (text) => console.error(`publish: ${text}`),
	progress: () => undefined,
};

/** Says everything to a person. */
export function screen({ isTTY = false, write }: { isTTY?: boolean; write(text: string): unknown }): Talk {
	let hasBar = false;
	let tenth = -1;
	const below = (say: () => void): void => {
		if (hasBar) write(Erase);
		hasBar = false;
		say();
	};
	return {
		step: (name, seen) => below(() => done(name, seen)),
		fail: (name, seen) => below(() => missing(name, seen)),
		note: (text) => below(() => line(`  ${text}`)),
		warn: (text) => below(() => console.error(`publish: ${text}`)),
		progress(percent) {
			if (isTTY) write(`\r${barOf(percent)}`);
			else if (Math.floor(percent / 10) !== tenth) line(barOf(percent));
			hasBar = isTTY;
			tenth = Math.floor(percent / 10);
		},
	};
}

/** As long as the device's own number says. */
function barOf(percent: number): string {
	const full = Math.floor((Math.min(percent, 100) * Width) / 100);
	return `  flash │ ${"█".repeat(full).padEnd(Width, "░")} ${`${percent} %`.padStart(5)}`;
}
