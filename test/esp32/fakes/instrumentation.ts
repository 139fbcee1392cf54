// `instrumentation`: counters of a debug build, or none as in a release build.
export const build: { counters: Record<string, number> } = { counters: {} };

export default {
	map: (name: string): number | undefined => {
		const index = Object.keys(build.counters).indexOf(name);
		return index < 0 ? undefined : index + 1;
	},
	get: (item: number): number | undefined => Object.values(build.counters)[item - 1],
};
