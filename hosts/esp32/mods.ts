// `host/mods` of the chip: the partition `xs`, which XS maps at boot when it begins like an archive (XS_MODS).
import { inspect, refuse } from "host/archive";
import type { Mods } from "host/contract";
import { PartitionRegion } from "host/region";
import Modules from "modules";

const Size = 0x40000; // as in partitions.csv
const TypeXS = 0x40; // Moddable's own

const mods: Mods = Object.assign(new PartitionRegion("mods", "xs", TypeXS, Size), {
	mapped: Modules.archive.length > 0,
	magic: 0, // the archive's length, big-endian: mods are shorter than 16 MiB
	identity: undefined,
	refuse,
	inspect,
});
export default mods;
