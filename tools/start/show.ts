// What a person sees of the scenario: one line a step, a bar while firmware flows.

const Width = 32;
const tty = process.stdout.isTTY === true;
const paint = (code: number, text: string): string => (tty ? `\u001b[${code}m${text}\u001b[0m` : text);

let bar = false;
let tenth = -1;
let silent = false;

/** Nothing is shown from now on: the verdict is the last word. */
export function silence(): void {
	silent = true;
}

/** A finished step. */
export function done(step: string, seen: string): void {
	line(`${paint(32, "✓")} ${step.padEnd(28)} ${paint(2, seen)}`);
}

/** A step that was not seen in time; the reader learns what was expected. */
export function missing(step: string, reason: string): void {
	line(`${paint(31, "✗")} ${step.padEnd(28)} ${reason}`);
}

/** What the device traces. */
export function trace(text: string, label = "board"): void {
	line(paint(2, `  ${label} │ ${text.trimEnd()}`));
}

/** A heading or a hint. */
export function line(text: string): void {
	if (silent) return;
	if (bar) process.stdout.write("\r\u001b[K");
	bar = false;
	process.stdout.write(`${text}\n`);
}

/** Progress of a download: a bar on a terminal, a line every 10 % elsewhere. */
export function progress(written: number, size: number): void {
	if (silent) return;
	const share = size ? written / size : 0;
	const percent = `${Math.floor(share * 100)} %`.padStart(5);
	const text = `  flash │ ${"█".repeat(Math.floor(share * Width)).padEnd(Width, "░")} ${percent} ${written}/${size}`;
	if (tty) {
		process.stdout.write(`\r${text}`);
		bar = true;
	} else if (Math.floor(share * 10) !== tenth) line(text);
	tenth = Math.floor(share * 10);
}
