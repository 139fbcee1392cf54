// `host/mods` of the simulator: the file `xs.bin`, from which tools/sdk/board.ts takes the archive that it gives to XS.
import { inspect, refuse } from "host/archive";
import boot from "host/boot";
import type { Mods } from "host/contract";
import { FileRegion } from "host/region";

const Size = 0x40000; // as in hosts/esp32/partitions.csv

const mods: Mods = Object.assign(new FileRegion("xs.bin", Size), {
	mapped: boot.mod === true,
	magic: 0, // the archive's length, big-endian: mods are shorter than 16 MiB
	identity: undefined,
	refuse,
	inspect,
});
export default mods;
