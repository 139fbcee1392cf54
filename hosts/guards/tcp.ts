// On a chip, an exception that leaves a callback of a native socket restarts the machine. Here it ends the connection.
import type { Socket, SocketConstructor, SocketOptions } from "guards/types";

/** What a socket's callbacks share: they may be called with any `this` (TLSSocket does), so they close over it. */
interface State {
	closed: boolean;
	onError: SocketOptions["onError"];
	socket?: Socket;
}

/**
 * Returns a subclass of an ECMA-419 TCP (or TLS) class from whose callbacks no exception escapes. A callback that throws ends the
 * connection: `onError(exception)`, then `close()`. Nothing fires after `close()`, which is legal in every callback and more
 * than once; an exception that follows a `close()` in the same callback is only traced, as the owner is done with the socket.
 */
export function guardTCP(Base: SocketConstructor): SocketConstructor {
	return class GuardedTCP extends Base {
		#state: State;

		constructor(options: SocketOptions) {
			const state: State = { closed: false, onError: options.onError };
			super({ ...options, ...guarded(options, state) });
			state.socket = this;
			this.#state = state;
		}

		override close(): void {
			if (this.#state.closed) return;
			this.#state.closed = true;
			super.close();
		}
	};
}

/** The callbacks that were given, each behind a net; `onError` always, because a failure needs somewhere to go. */
function guarded({ onReadable, onWritable }: SocketOptions, state: State): SocketOptions {
	return {
		...(onReadable && {
			onReadable(count) {
				run(state, this, onReadable, count);
			},
		}),
		...(onWritable && {
			onWritable(count) {
				run(state, this, onWritable, count);
			},
		}),
		onError(error) {
			if (!state.closed) report(state, error);
		},
	};
}

function run(state: State, self: unknown, callback: (count: number) => void, count: number): void {
	if (state.closed) return;
	try {
		callback.call(self, count);
	} catch (error) {
		trace(`socket callback: ${error}\n`);
		if (state.closed) return;
		report(state, error);
		state.socket?.close();
	}
}

/** An owner that cannot even take the error will not close the socket either. */
function report(state: State, error: unknown): void {
	try {
		state.onError?.call(state.socket, error);
	} catch (exception) {
		trace(`socket onError: ${exception}\n`);
		state.socket?.close();
	}
}
