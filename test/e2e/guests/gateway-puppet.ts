// A gateway that does what it is told by RPC to itself: a spec asks for every call of the gateway API by REST, on XS and on Node alike.
import TBGateway, { type ConnectOptions, type Latency } from "gateway";
import type { JSONObject, JSONValue } from "host/contract";
import type TBClient from "tbclient";
import type { RPC } from "tbclient";
import type { TBError } from "tbclient/errors";

type Done = (result: JSONValue) => void;
type Params = { device: string } & JSONObject;
const told = (done: Done) => (error: TBError | null) => done({ code: error?.code ?? null });

/** Answers calls of the gateway itself with what `gateway` then did; what its children hear is kept for `heard`. */
export class Puppet {
	readonly gateway: TBGateway;
	#client: TBClient;
	#heard: JSONValue[] = [];
	#actions: Record<string, (params: Params, done: Done) => void>;

	constructor(client: TBClient) {
		this.#client = client;
		const heard = (what: JSONValue): void => void this.#heard.push(what);
		const gateway = new TBGateway({
			client,
			clock: () => Date.now(),
			onConnected: (device) => heard({ connected: device }),
			onRenamed: (device, oldName) => heard({ renamed: device, oldName }),
			onDeleted: (device) => heard({ deleted: device }),
			onRPC({ device, id, method, params }) {
				heard({ device, id, method, params });
				if (method !== "oneway") gateway.respond(device, id, { device, method, params });
			},
			onError: (error) => heard({ error: String(error) }),
		});
		this.gateway = gateway;
		this.#actions = {
			connect: ({ device, type }, done) =>
				gateway.connect(device, { ...(type ? { type } : {}), callback: told(done) } as ConnectOptions),
			disconnect: ({ device }, done) => gateway.disconnect(device, told(done)),
			sendTelemetry: ({ device, readings, metadata }, done) =>
				gateway.sendTelemetry(device, readings as JSONObject, {
					callback: told(done),
					...(metadata ? { metadata: metadata as unknown as Latency } : {}),
				}),
			sendAttributes: ({ device, values }, done) =>
				gateway.sendAttributes(device, values as JSONObject, told(done)),
			requestAttributes: ({ device, keys }, done) =>
				gateway.requestAttributes(device, keys as object, (error, values) =>
					error ? told(done)(error) : done(values as JSONObject),
				),
			watch({ device, keys }, done) {
				const what = { device, ...(keys ? { keys: keys as string[] } : {}) };
				gateway.watchAttributes(what, (name, values, deleted) => heard({ watched: name, values, deleted }));
				done(null);
			},
			claim: ({ device, secretKey, durationMs }, done) =>
				gateway.claim(device, { secretKey: String(secretKey), durationMs: Number(durationMs) }, told(done)),
			own: (values, done) => client.sendTelemetry(values, told(done)),
			devices: (_, done) => done(gateway.devices),
			stats: (_, done) => done({ ...gateway.stats }),
			heard: (_, done) => done(this.#heard.splice(0)),
		};
	}

	/** For `onRPC` of the client. */
	readonly call = ({ id, method, params }: RPC): void => {
		const action = this.#actions[method];
		if (!action) throw new Error(`unknown method ${method}`);
		action(params as Params, (result) => this.#client.respond(id, result));
	};
}
