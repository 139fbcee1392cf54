// `host/log` of the simulator: the log of hosts/log over a file as large as the chip's partition.
import type { Log } from "host/contract";
import { FileRegion } from "host/region";
import { SectorLog } from "log/sectors";

const Size = 0x10000; // as in hosts/esp32/partitions.csv

export default new SectorLog(new FileRegion("outbox.bin", Size)) as Log;
