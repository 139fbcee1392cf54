// The resolver calls back from a datagram socket or a timer; an exception there restarts the chip.
import type {
	ResolveOptions,
	ResolverConstructor,
	ResolverOptions,
	SocketConstructor,
	SocketOptions,
} from "guards/types";

/**
 * Returns a subclass of an ECMA-419 resolver from which no exception escapes: neither from the callbacks of `resolve` (the SDK's
 * MQTT client throws when the answer comes after its `close()`) nor from the datagram socket (a malformed DNS answer makes the
 * SDK's parser throw). Such an exception is traced; each `resolve` answers at most once; nothing fires after `close()`.
 */
export function guardResolver(Base: ResolverConstructor): ResolverConstructor {
	return class GuardedResolver extends Base {
		#closed = false;

		constructor(options: ResolverOptions) {
			const io = options.socket?.io;
			super(io ? { ...options, socket: { ...options.socket, io: guardUDP(io) } } : options);
		}

		override resolve(options: ResolveOptions): void {
			const { onResolved, onError } = options;
			let answered = false;
			const once = (action: () => void) => {
				if (answered || this.#closed) return;
				answered = true;
				swallow("resolver", action);
			};
			super.resolve({
				...options,
				onResolved: (host, address) => once(() => onResolved?.call(this, host, address)),
				onError: (host) => once(() => onError?.call(this, host)),
			});
		}

		override close(): void {
			if (this.#closed) return;
			this.#closed = true;
			super.close?.();
		}
	};
}

/** A bad datagram is as good as none: the resolver asks again. */
function guardUDP(Base: SocketConstructor): SocketConstructor {
	return class GuardedUDP extends Base {
		constructor(options: SocketOptions) {
			const { onReadable, onError } = options;
			super({
				...options,
				...(onReadable && {
					onReadable(count) {
						swallow("resolver socket", () => onReadable.call(this, count));
					},
				}),
				...(onError && {
					onError(error) {
						swallow("resolver socket", () => onError.call(this, error));
					},
				}),
			});
		}
	};
}

function swallow(where: string, action: () => void): void {
	try {
		action();
	} catch (error) {
		trace(`${where} callback: ${error}\n`);
	}
}
