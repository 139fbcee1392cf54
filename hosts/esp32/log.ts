// `host/log` of the chip: the log of hosts/log over the partition `outbox`.
import type { Log } from "host/contract";
import { PartitionRegion } from "host/region";
import { SectorLog } from "log/sectors";

const Size = 0x10000; // as in partitions.csv
const TypeData = 1; // ESP_PARTITION_TYPE_DATA

export default new SectorLog(new PartitionRegion("log", "outbox", TypeData, Size)) as Log;
