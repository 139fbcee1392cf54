// A device that does what it is told by RPC, with the whole of TBClient: what a spec asks for by REST is what the device API is asked for
// by the device. NVS `tb`: host, port, token.
import { server, token } from "examples/settings";
import type { JSONObject, JSONValue } from "host/contract";
import TBClient from "tbclient";
import type { TBError } from "tbclient/errors";
import Timer from "timer";

type Done = (result: JSONValue) => void;
const told = (error: TBError | null) => ({ code: error?.code ?? null });

/** Each ends by an answer to the RPC that asked for it. */
const actions: Record<string, (params: JSONValue, done: Done) => void> = {
	sendTelemetry: (values, done) => client.sendTelemetry(values as JSONObject, (error) => done(told(error))),
	sendUnacknowledged: (values, done) =>
		client.sendTelemetry(values as JSONObject, { QoS: 0, callback: (error) => done(told(error)) }),
	sendAttributes: (values, done) => client.sendAttributes(values as JSONObject, (error) => done(told(error))),
	requestAttributes: (keys, done) =>
		client.requestAttributes(keys as object, (error, values) =>
			done(error ? told(error) : (values as JSONObject)),
		),
	call: (params, done) =>
		client.call("echo", params, (error, answer) => done(error ? told(error) : (answer ?? null))),
	burst(count, done) {
		let left = Number(count);
		for (let i = 0; i < Number(count); i++)
			client.sendTelemetry({ ts: 1_700_000_000_000 + i, values: { burst: i } }, () => --left || done("all"));
	},
	later: (params, done) => void Timer.set(() => done(params), 300),
	echo: (params, done) => done(params),
	large: (size, done) => done("x".repeat(Number(size))),
	never: () => undefined,
};

const client = new TBClient({
	...server,
	token,
	inFlight: 20,
	outbox: { messages: 200, bytes: 100_000 },
	onConnected: () => trace("ready\n"),
	onDisconnected: (error) => trace(`disconnected ${error.code}\n`),
	onAttributes: (values, deleted) => trace(`attributes ${JSON.stringify(values)} ${deleted}\n`),
	onRPC({ id, method, params }) {
		trace(`call ${method}\n`);
		const action = actions[method];
		if (!action) throw new Error(`unknown method ${method}`);
		action(params, (result) => client.respond(id, result));
	},
	onError: (error) => trace(`${error}\n`),
});
client.watchAttributes(["watched"], ({ watched = null }, deleted) =>
	trace(`watched ${watched} ${deleted}\n`),
);
