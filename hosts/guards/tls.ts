// The SDK's TLS is JavaScript: what fails in it is thrown, partly out of a timer, where it would restart the chip.
import { guardTCP } from "guards/tcp";
import type { SocketConstructor, SocketOptions, WriteOptions } from "guards/types";
import type { ByteBuffer } from "host/contract";
import Timer from "timer";

const ChangeCipherSpec = 20; // record types, RFC 5246 section 6.2.1
const ApplicationData = 23;

/** Why TLS failed: certificate, name, date, protocol. */
export class TLSError extends Error {
	/** Defined, not assigned: XS freezes Error.prototype. */
	override readonly name = "TLSError";
}

/** What a TLS socket and the TCP socket below it share. */
interface State {
	/** Bytes that TLS has not taken from TCP. */
	readable: number;
	/** TLS's own `read` runs. It must not see that more has come, or it would go on from a timer that nobody guards. */
	reading: boolean;
	reason?: unknown;
	/** Absent once closed. */
	resume?: (() => void) | undefined;
	timer?: ReturnType<typeof Timer.set> | undefined;
}

/**
 * Returns a class like the SDK's `embedded:io/socket/tcp/tls` over a guarded TCP class, from which no exception escapes: what TLS
 * throws ends the connection by `onError(TLSError)` and `close()`. Nothing of the application leaves before the keys are agreed,
 * whatever the other side sends (the SDK takes an early close_notify for the end of the handshake).
 * Options: `secure` as in host/contract, `TLSOptions`.
 */
export function guardTLS(Base: SocketConstructor, TCP: SocketConstructor): SocketConstructor {
	return class GuardedTLS extends guardTCP(named(Base)) {
		#state: State;

		constructor(options: SocketOptions) {
			const state: State = { readable: 0, reading: false };
			const { onError } = options;
			super({
				...options,
				TCP: { io: below(TCP, state) },
				onError(error) {
					onError?.call(this, state.reason === undefined ? error : tlsError(state.reason));
				},
			});
			this.#state = state;
		}

		override read(into?: number | ByteBuffer): number | ArrayBuffer | undefined {
			const state = this.#state;
			state.reading = true;
			try {
				return super.read(into);
			} finally {
				state.reading = false;
				if (state.readable && state.resume) state.timer ??= Timer.set(state.resume, 0);
			}
		}

		override close(): void {
			this.#state.resume = undefined;
			Timer.clear(this.#state.timer);
			super.close();
		}
	};
}

/** What the constructor throws (a key that is none, say) is TLS's, too. */
function named(Base: SocketConstructor): SocketConstructor {
	return class extends Base {
		constructor(options: SocketOptions) {
			try {
				super(options);
			} catch (error) {
				throw tlsError(error);
			}
		}
	};
}

/** The TCP class that TLS gets. TLS keeps the count of unread bytes in a property of its socket: `readable`. */
function below(TCP: SocketConstructor, state: State): SocketConstructor {
	return class Below extends guardTCP(TCP) {
		#agreed = false;

		constructor(options: SocketOptions) {
			const { onReadable, onError } = options;
			const end = (error: unknown) => {
				state.reason ??= error;
				onError?.call(this, error);
			};
			super({ ...options, onError: end });
			state.resume = () => {
				state.timer = undefined;
				try {
					onReadable?.call(this, state.readable);
				} catch (error) {
					end(error);
					this.close();
				}
			};
		}

		get readable(): number {
			return state.reading ? 0 : state.readable;
		}
		set readable(count: number) {
			state.readable = count;
		}

		/** One record a call. */
		override write(data: number | ByteBuffer, options?: WriteOptions): number | undefined {
			const type = (data instanceof ArrayBuffer ? new Uint8Array(data, 0, 1) : (data as Uint8Array))[0];
			if (type === ChangeCipherSpec) this.#agreed = true;
			else if (type === ApplicationData && !this.#agreed)
				throw new TLSError("handshake: the other side ended it before keys were agreed");
			return super.write(data, options);
		}
	};
}

function tlsError(reason: unknown): TLSError {
	return reason instanceof TLSError ? reason : new TLSError(`TLS: ${reason}`);
}
