// The simulator stands for a board without a lamp and without an analog input.
import type { Pins } from "host/contract";

/** `host/pins` of the simulator. */
const pins: Pins = { lamp: undefined, analog: undefined };
export default pins;
