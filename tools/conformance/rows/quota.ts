// Checklist 24. Limits are the tenant profile's, which only a system administrator can change: the row asks where there is one.
import type { RawDevice } from "../../peer/device.ts";
import { is, NotAsked, type Row, row } from "../row.ts";

/** More messages than that are not sent to find a limit. */
const most = 10_000;

type Limits = Record<"messages" | "telemetryMessages" | "telemetryDataPoints", string | null | undefined>;

/** How many telemetry messages of one value may come at once. Throws when nothing, or too much, limits them. */
async function capacity(raw: RawDevice, level: "rateLimits" | "gatewayRateLimits"): Promise<number> {
	await raw.acknowledged("v1/devices/me/rpc/request/1", '{"method":"getSessionLimits","params":{}}');
	const { text } = await raw.message("v1/devices/me/rpc/response/1");
	const limits = (JSON.parse(text) as Record<string, Limits | undefined>)[level];
	const texts = [limits?.telemetryMessages, limits?.telemetryDataPoints].filter(Boolean);
	const sizes = texts
		.flatMap((limit) => String(limit).split(","))
		.map((bucket) => Number(bucket.split(":")[0]));
	const least = Math.min(...sizes);
	if (!sizes.length) throw new NotAsked(`the tenant profile sets no ${level} for telemetry`);
	if (least > most) throw new NotAsked(`the tenant profile lets ${least} telemetry messages through at once`);
	return least;
}

/** Rows on rate limits. */
export const quota: Row[] = [
	row(
		"14.24",
		"a device that sends more than it may is closed, the message too many unacknowledged",
		async (q) => {
			const { raw } = await q.fresh();
			const allowed = await capacity(raw, "rateLimits");
			for (let i = 0; i < 2 * allowed + 1; i++) raw.publish("v1/devices/me/telemetry", '{"a":1}');
			await raw.closed();
			is(
				raw.take().filter(({ cmd }) => cmd === "puback").length <= 2 * allowed,
				true,
				"at most the allowed PUBACKs: ",
			);
		},
	),
	row(
		"14.24, trap 2",
		"a gateway's message too many is acknowledged, and the connection closed",
		async (q) => {
			const raw = await q.online(await q.gateway());
			const allowed = await capacity(raw, "gatewayRateLimits");
			const child = q.child("child");
			await raw.acknowledged("v1/gateway/connect", JSON.stringify({ device: child }));
			const payload = JSON.stringify({ [child]: [{ a: 1 }] });
			for (let i = 0; i < allowed; i++) await raw.acknowledged("v1/gateway/telemetry", payload);
			for (let i = 0; i < allowed; i++) {
				raw.publish("v1/gateway/telemetry", payload);
				is((await q.come(raw, 1)).startsWith("puback"), true, "PUBACK: ");
				if ((await raw.next(q.limits.settle)) === "closed") return;
			}
			throw new NotAsked("its limit refills faster than the question is asked");
		},
	),
];
