import type { Limits } from "../question.ts";
import type { Row, Unasked } from "../row.ts";
import { acks } from "./acks.ts";
import { connection } from "./connection.ts";
import { data } from "./data.ts";
import { gateway } from "./gateway.ts";
import { ota } from "./ota.ts";
import { provisioning } from "./provision.ts";
import { quota } from "./quota.ts";
import { rpc } from "./rpc.ts";

/** Every question, in the order of the checklist. */
export const rows = (limits: Limits): Row[] => [
	...connection(limits),
	...acks,
	...data,
	...rpc(limits),
	...provisioning(limits),
	...ota,
	...gateway(limits),
	...quota,
];

/** Items that no question from outside can settle. */
export const unasked: Unasked[] = [
	{ item: "14.9", why: "acknowledgements may come in any order, so no order is wrong" },
	{ item: "trap 8", why: "a race between SUBACK and the core: one try shows nothing" },
	{ item: "trap 9", why: "needs 65536 publishes of the server on one connection" },
	{ item: "trap 21", why: "needs a restart of the server" },
	{ item: "trap 38", why: "concerns clients: their windows, timeouts and retries" },
];
