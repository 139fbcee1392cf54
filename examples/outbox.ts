// Durable outbox: readings that wait for a connection are kept in flash, in the `outbox` partition, with the time they were taken at. They
// survive a power cut at any moment. When the partition is full, the oldest give way.
import { server, token } from "examples/settings";
import Link from "host/link";
import log from "host/log";
import system from "host/system";
import TBClient from "tbclient";
import { Journal } from "tbclient/journal";
import Timer from "timer";

const link = new Link({});
const clock = () => (link.clockValid ? Date.now() : undefined);
const onError = (error: Error) => trace(`${error}\n`);
let count = 0;

const client = new TBClient({
	...server,
	token,
	clock,
	backlog: new Journal({ log, bootId: system.bootId, clock, onError }),
	outbox: { drop: "oldest" },
	onConnected: () => trace("connected\n"),
	onDisconnected: onError,
	onError,
});

Timer.repeat(() => {
	count += 1;
	client.sendTelemetry({ reading: count });
	trace(`reading ${count}\n`);
}, 500);
