import { randomUUID } from "node:crypto";
import type { Clock } from "./clock.ts";

/** RpcStatus. */
export const rpcStatuses = [
	"QUEUED",
	"SENT",
	"DELIVERED",
	"SUCCESSFUL",
	"TIMEOUT",
	"EXPIRED",
	"FAILED",
	"DELETED",
] as const;

export type RpcStatus = (typeof rpcStatuses)[number];

/** A persistent RPC as it can be asked for later. */
export interface PersistentRpc {
	readonly id: string;
	readonly createdTime: number;
	readonly deviceId: string;
	/** Epoch milliseconds. */
	readonly expirationTime: number;
	/** What was asked, in the server's form. */
	readonly request: object;
	readonly additionalInfo: unknown;
	response: unknown;
	status: RpcStatus;
}

/** More are not kept: the oldest is forgotten. */
const most = 10_000;

/** The tenant's persistent RPCs, in the order they were made. */
export class RpcRecords {
	#clock: Clock;
	#byId = new Map<string, PersistentRpc>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	create(
		info: Pick<PersistentRpc, "deviceId" | "expirationTime" | "request" | "additionalInfo">,
	): PersistentRpc {
		const basis = { id: randomUUID(), createdTime: this.#clock.now() };
		const record: PersistentRpc = { ...basis, ...info, response: null, status: "QUEUED" };
		this.#byId.set(record.id, record);
		for (const oldest of this.#byId.keys()) {
			if (this.#byId.size <= most) break;
			this.#byId.delete(oldest);
		}
		return record;
	}

	byId(id: string): PersistentRpc | undefined {
		return this.#byId.get(id);
	}

	ofDevice(deviceId: string): PersistentRpc[] {
		return [...this.#byId.values()].filter((record) => record.deviceId === deviceId);
	}

	delete(record: PersistentRpc): void {
		record.status = "DELETED";
		this.#byId.delete(record.id);
	}
}
