/** Pairs of text and ground whose contrast (WCAG 2.2, 1.4.3) is below 4.5. Runs in the page. */
export function contrasts(): string[] {
	const probe = document.createElement("span");
	document.body.append(probe);
	const channels = (name: string): number[] => {
		probe.style.color = `var(${name})`;
		return (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
	};
	const light = (name: string): number => {
		const [r = 0, g = 0, b = 0] = channels(name).map((value) =>
			value <= 10.3 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
		);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const poor: string[] = [];
	const check = (text: string, ground: string): void => {
		const [a, b] = [light(text), light(ground)];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) poor.push(`${text} on ${ground}: ${ratio.toFixed(2)}`);
	};
	for (const text of ["--text", "--muted", "--accent", "--good", "--bad", "--in", "--out"])
		for (const ground of ["--page", "--surface"]) check(text, ground);
	for (const text of ["--text", "--muted"]) check(text, "--raised");
	check("--on-accent", "--accent");
	return poor;
}

/** Controls and pictures that a screen reader could not name. Runs in the page. */
export function nameless(): string[] {
	const all = "button, input, select, textarea, [role=img], progress";
	return [...document.querySelectorAll<HTMLInputElement>(all)]
		.filter((element) => element.checkVisibility())
		.filter(
			({ labels, ariaLabel, textContent }) => !labels?.length && !ariaLabel?.trim() && !textContent?.trim(),
		)
		.map(({ outerHTML }) => outerHTML);
}
