// Health: what the client counted since it was made, as telemetry of its own. Every minute is often enough; what is 0 is left out.
import { server, token } from "examples/settings";
import system from "host/system";
import TBClient from "tbclient";
import { healthOf } from "tbclient/health";
import Timer from "timer";

const client = new TBClient({
	...server,
	token,
	onConnected: report,
	onDisconnected: (error) => trace(`${error}\n`),
});

Timer.repeat(report, 60_000);

function report(): void {
	const { acknowledged, dropped } = client.stats;
	trace(`${acknowledged} acknowledged, ${dropped} dropped\n`);
	client.sendTelemetry({ ...healthOf(client.stats), uptime: system.uptime, resetReason: system.resetReason });
}
