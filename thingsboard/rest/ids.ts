// ThingsBoard's form of ids: `{entityType, id}`.
import { nobody, tenantId as tenant } from "../users.ts";

type EntityType =
	| "DEVICE"
	| "DEVICE_PROFILE"
	| "TENANT"
	| "CUSTOMER"
	| "USER"
	| "OTA_PACKAGE"
	| "DEVICE_CREDENTIALS";

export const reference = (entityType: EntityType, id: string): object => ({ entityType, id });

/** A reference, or null. */
export const optional = (entityType: EntityType, id: string | null): object | null =>
	id === null ? null : reference(entityType, id);

export const tenantId = reference("TENANT", tenant);

/** The customer's id; without one the id of nobody. */
export const customerId = (id: string | null): object => reference("CUSTOMER", id ?? nobody);

/** The id inside `{entityType, id}`; `undefined` when there is none. */
export function idOf(value: unknown): string | undefined {
	const id = (value as { id?: unknown } | null | undefined)?.id;
	return typeof id === "string" ? id : undefined;
}
