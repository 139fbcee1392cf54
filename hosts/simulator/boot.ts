// How this boot came about: told by tools/sdk/board.ts, which stands for ROM and bootloader, in a file that is used once.
import { readJSON, remove } from "host/files";
import { type Boot, BootFile } from "host/otadata";

function read(): Boot {
	const told = readJSON(BootFile) as Boot | undefined;
	remove(BootFile); // started by hand the next time, without a bootloader, this is a plain power-on again
	return told ?? { slot: "ota_0", resetReason: "POWERON", bootId: 0 };
}

const boot: Boot = read();

/** This boot; without a bootloader: power-on into ota_0, the application built into the simulator's library. */
export default boot;
