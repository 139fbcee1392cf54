// `embedded:io/digital` and `embedded:io/analog`: pins that keep what was written, and a chip that refuses some.
/** What was written to each pin, and the pins that the chip does not have. */
export const board: { written: [number, number][]; refused: number[]; reading: number } = {
	written: [],
	refused: [],
	reading: 0,
};

export default class Pin {
	static readonly Output = 8;
	readonly resolution = 12;
	readonly #pin: number;

	constructor({ pin }: { pin: number }) {
		if (board.refused.includes(pin)) throw new Error("invalid pin");
		this.#pin = pin;
	}
	write(level: number): void {
		board.written.push([this.#pin, level]);
	}
	read(): number {
		return board.reading;
	}
}
