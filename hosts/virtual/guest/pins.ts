/** `host/pins` of the virtual board: it has neither a lamp nor an analog input. */
import type { Pins } from "host/contract";

const pins: Pins = { lamp: undefined, analog: undefined };
export default pins;
