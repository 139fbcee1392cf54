// Claiming: the device says under which secret a customer may take it. One call, so that it costs nothing where it is not used.
import type TBClient from "tbclient";
import type { Claim } from "tbclient/codec";
import type { Completion } from "tbclient/message";
import { Topic } from "tbclient/topics";

export type { Claim } from "tbclient/codec";

/**
 * Lets a customer claim the device for `durationMs` (absent: what the server is set to, a day by default) with `secretKey` (absent: an
 * empty one). `callback(null)` is the server's PUBACK and no more than that: ThingsBoard never says whether the claim was registered. It is
 * not when the device has a customer, when its profile or `claimingAllowed` forbids it, and when an earlier one still stands: that is
 * not replaced until it is used, fails or is a day old. The result is seen by the customer only (`POST /api/customer/device/{name}/claim`).
 * Limits and errors as for `sendTelemetry`. @throws RangeError for a duration that is not positive.
 */
export function claim(client: TBClient, { secretKey, durationMs }: Claim = {}, callback?: Completion): void {
	if (durationMs !== undefined && !(Number.isSafeInteger(durationMs) && durationMs > 0))
		throw new RangeError(`claim: expected a durationMs of at least 1, got ${durationMs}`);
	const bytes = client.codec.encodeClaim({
		...(secretKey !== undefined && { secretKey }),
		...(durationMs !== undefined && { durationMs }),
	});
	client.publish(Topic.claim, bytes, callback && { callback });
}
