// The next firmware's application: a source that really differs from app.ts, not only a number in a header.

const config = 'import config from "mc/config";\n';

/** What the next application says of itself. */
export interface NextApp {
	version: string;
	/** Random, drawn when the image is built; telemetry must carry it afterwards. */
	build: string;
}

/**
 * Rewrites app.ts into its successor: title kept, version and build as literals (so that a mod can carry them without a
 * configuration of its own), and one reading more, `readingsOfThisBoot`.
 * @throws Error when app.ts no longer has the lines that are replaced: the successor would silently be the same program.
 */
export function nextApp(source: string, title: string, { version, build }: NextApp): string {
	const edits: [string, string][] = [
		[config, ""],
		["= config.title;", `= ${JSON.stringify(title)};`],
		["= config.version;", `= ${JSON.stringify(version)};`],
		["= config.build;", `= ${JSON.stringify(build)};`],
		["lamp, build }", "lamp, build, readingsOfThisBoot: count }"],
	];
	return edits.reduce((text, [from, to]) => {
		if (text.split(from).length !== 2)
			throw new Error(`next application: expected exactly one ${JSON.stringify(from)} in app.ts`);
		return text.replace(from, to);
	}, source);
}

/** The version after this one: the last number one higher. Two dots keep ThingsBoard from storing it as a number. */
export function nextVersion(version: string): string {
	const parts = /^(\d+)\.(\d+)\.(\d+)$/.exec(version);
	if (!parts)
		throw new Error(`next version: expected three numbers such as 1.2.3, got ${JSON.stringify(version)}`);
	return `${parts[1]}.${parts[2]}.${Number(parts[3]) + 1}`;
}
