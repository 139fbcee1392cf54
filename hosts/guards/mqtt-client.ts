// What the guards below the SDK's MQTT client cannot reach: its timers (unread bytes, queued acknowledgements, keep-alive) call the
// application too, and its DNS question outlives its close().
import type { Resolver, ResolverConstructor, ResolverOptions } from "guards/types";
import type { MQTTClient, MQTTClientConstructor, MQTTClientOptions } from "host/contract";

interface State {
	closed: boolean;
	options: MQTTClientOptions;
	client?: MQTTClient;
	resolver?: Resolver;
}

/**
 * Returns a subclass of the SDK's MQTT client from whose callbacks no exception escapes, whoever calls them: a callback that throws
 * ends the connection by `onError()` and `close()`. `close()` is legal everywhere, also before the host is resolved, and withdraws
 * the DNS question; nothing fires after it.
 */
export function guardMQTTClient(Base: MQTTClientConstructor): MQTTClientConstructor {
	return class GuardedMQTTClient extends Base {
		#state: State;

		constructor(options: MQTTClientOptions) {
			const state: State = { closed: false, options };
			super({ ...options, ...callbacks(state), dns: dns(options.dns, state) });
			state.client = this;
			this.#state = state;
		}

		override close(): void {
			if (this.#state.closed) return;
			this.#state.closed = true;
			this.#state.resolver?.close?.();
			super.close();
		}
	};
}

/** The client makes its resolver and forgets it; we remember it, so that `close()` can withdraw the question. */
function dns(options: MQTTClientOptions["dns"], state: State): MQTTClientOptions["dns"] {
	const Base = options.io as ResolverConstructor;
	return {
		...options,
		io: class extends Base {
			constructor(inner: ResolverOptions) {
				super(inner);
				state.resolver = this;
			}
		},
	};
}

type Callbacks = Pick<MQTTClientOptions, "onReadable" | "onWritable" | "onControl" | "onError">;

function callbacks(state: State): Callbacks {
	const { onReadable, onWritable, onControl } = state.options;
	return {
		...(onReadable && {
			onReadable(count, info) {
				try {
					if (!state.closed) onReadable.call(this, count, info);
				} catch (error) {
					fail(state, error);
				}
			},
		}),
		...(onWritable && {
			onWritable(count) {
				try {
					if (!state.closed) onWritable.call(this, count);
				} catch (error) {
					fail(state, error);
				}
			},
		}),
		...(onControl && {
			onControl(message) {
				try {
					if (!state.closed) onControl.call(this, message);
				} catch (error) {
					fail(state, error);
				}
			},
		}),
		onError() {
			if (!state.closed) report(state, this);
		},
	};
}

function fail(state: State, error: unknown): void {
	trace(`MQTT client callback: ${error}\n`);
	if (state.closed || !state.client) return;
	report(state, state.client);
	state.client.close();
}

function report(state: State, client: MQTTClient): void {
	try {
		state.options.onError?.call(client);
	} catch (error) {
		trace(`MQTT client onError: ${error}\n`);
	}
}
