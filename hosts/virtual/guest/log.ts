/** `host/log` of the virtual board: the log of hosts/log over the partition `outbox` of the board's flash. */
import type { Log, Region } from "host/contract";
import { SectorLog } from "log/sectors";
import { Op } from "../protocol.ts";
import { invoke } from "./bridge.ts";

const region: Region = {
	size: invoke(Op.Region, ["size"])[0] as number,
	erase(offset) {
		invoke(Op.Region, ["erase", offset]);
	},
	write(buffer, offset, length) {
		invoke(Op.Region, ["write", offset, length], new Uint8Array(buffer, 0, length));
	},
	read(buffer, offset, length) {
		new Uint8Array(buffer).set(invoke(Op.Region, ["read", offset, length])[1]);
	},
};

export default new SectorLog(region) as Log;
