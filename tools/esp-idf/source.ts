// Files of one release of ESP-IDF, read from a clone without checking it out.
import { execFileSync } from "node:child_process";

/** A tag in a git directory. */
export interface Release {
	/** The clone's git directory. */
	git: string;
	/** E.g. `v6.0`. */
	tag: string;
}

const Largest = 64 * 1024 * 1024; // bytes of one answer of git

function git({ git: directory }: Release, ...words: string[]): string {
	const options = { encoding: "utf8", maxBuffer: Largest } as const;
	return execFileSync("git", [`--git-dir=${directory}`, ...words], options);
}

/** The commit that the tag names. */
export const commitOf = (release: Release): string =>
	git(release, "rev-parse", `${release.tag}^{commit}`).trim();

/** Text of one file. */
export const text = (release: Release, path: string): string =>
	git(release, "show", `${release.tag}:${path}`);

/** Paths of files whose text matches an extended regular expression; none is an empty list. */
export function filesWith(release: Release, pattern: string, ...paths: string[]): string[] {
	try {
		const found = git(release, "grep", "-lE", pattern, release.tag, "--", ...paths);
		return found
			.trim()
			.split("\n")
			.map((line) => line.slice(release.tag.length + 1));
	} catch (error) {
		if ((error as { status?: number }).status === 1) return []; // git grep found nothing
		throw error;
	}
}

/** C without comments, on which the readers work. */
export const bare = (source: string): string =>
	source.replace(/\/\*[\s\S]*?\*\//g, " ").replace(/\/\/.*$/gm, "");
