// Every fault that can be commanded. REST, the page and the documentation read this table.
import { otaFaults } from "./ota.ts";
import type { FaultRow } from "./row.ts";
import { rpcFaults } from "./rpc.ts";
import { wireFaults } from "./wire.ts";

const table = [...wireFaults, ...rpcFaults, ...otaFaults] as const;

export type FaultName = (typeof table)[number]["name"];

export const faultTable: readonly FaultRow[] = table;

const byName = new Map(faultTable.map((row) => [row.name, row]));

/** The row of that name. */
export const faultRow = (name: string): FaultRow | undefined => byName.get(name);
