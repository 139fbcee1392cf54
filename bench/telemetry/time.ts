// The SDK's `time` on Node: 32-bit milliseconds.
const ticks = (): number => Math.floor(performance.now()) | 0;

export default {
	get ticks(): number {
		return ticks();
	},
	delta: (start: number, end = ticks()): number => (end - start) | 0,
};
