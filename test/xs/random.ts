// XS's Math.random is C's rand() without a seed: every run would draw the same "fresh" seeds. The runner draws one outside.
import config from "mc/config";

let state = Number.parseInt(config.build, 16) || 1;

/** xorshift32 (Marsaglia): enough for seeds that are printed. */
Math.random = () => {
	state ^= state << 13;
	state ^= state >>> 17;
	state ^= state << 5;
	return (state >>> 0) / 2 ** 32;
};
