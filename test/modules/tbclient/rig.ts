// One client for the specs of `tbclient`, over an MQTT client whose server the spec plays. What is called back goes to `log`.
import "../../setup.ts";
import TBClient, { type TBClientOptions } from "tbclient";
import type { Credentials } from "tbclient/credentials";
import type { TBError } from "tbclient/errors";
import { clock } from "../../fakes/clock.ts";
import { FakeMQTT } from "../../fakes/mqtt.ts";

/** What was called back, in order. */
export const log: string[] = [];

/** The client made last. */
export let client: TBClient;

/** For `beforeEach`: no timers, no connections, an empty log. */
export function begin(): void {
	clock.reset();
	FakeMQTT.forget();
	log.length = 0;
}

/** A client that has not connected yet. */
export function make(
	options: Partial<TBClientOptions> = {},
	credentials: Credentials = { token: "A1" },
): TBClient {
	client = new TBClient({
		io: FakeMQTT,
		dns: { io: null },
		socket: { io: null },
		host: "server",
		...credentials,
		random: () => 0.5,
		sessionLimits: false,
		onConnected: () => log.push("connected"),
		onDisconnected: (error) => log.push(`disconnected ${error}`),
		onError: (error) => log.push(`error ${error}`),
		onAttributes: (values, deleted) => log.push(`attributes ${JSON.stringify(values)} ${deleted}`),
		onFirmwareError: (text) => log.push(`firmware error ${text}`),
		...options,
	});
	return client;
}

/** A client that is connected and subscribed; the log is empty. */
export function connect(options: Partial<TBClientOptions> = {}): FakeMQTT {
	make(options);
	clock.advance(0);
	FakeMQTT.last.accept();
	FakeMQTT.last.grant();
	log.length = 0;
	return FakeMQTT.last;
}

/** A completion that logs its name and "done" or the error's code. */
export const note = (name: string) => (error: TBError | null) => log.push(`${name} ${error?.code ?? "done"}`);
