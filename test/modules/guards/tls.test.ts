import "../../setup.ts";
import { guardTLS, TLSError } from "guards/tls";
import type { Format, Socket, SocketConstructor, SocketOptions } from "guards/types";
import type { ByteBuffer } from "host/contract";
import Timer from "timer";
import { deepEqual, equal, ok, throws } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";
import { FakeTCP } from "../../fakes/tcp.ts";

const Bad = 255; // a byte that is no record

/** What the SDK's TLS socket does with the class below it; a record here is one byte, and the first ends the handshake. */
class FakeTLS implements Socket {
	static refusal: unknown;
	format: Format = "buffer";
	#options: SocketOptions;
	#below: Socket & { readable: number };
	#ready = false;
	#data: Uint8Array<ArrayBuffer> | undefined;

	constructor(options: SocketOptions) {
		if (FakeTLS.refusal) throw FakeTLS.refusal;
		this.#options = options;
		const { io } = options.TCP as { io: SocketConstructor };
		this.#below = new io({
			...options,
			onReadable: (count) => this.#received(count),
			onWritable: () => this.#shake(),
			onError: () => options.onError?.call(undefined),
		}) as Socket & { readable: number };
		this.#below.readable = 0;
	}
	read(): ArrayBuffer | undefined {
		const data = this.#data;
		this.#data = undefined;
		if (this.#below.readable) Timer.set(() => this.#received(this.#below.readable), 0);
		return data?.buffer;
	}
	write(data: ByteBuffer): number | undefined {
		return this.#below.write(Uint8Array.of(23, ...new Uint8Array(data as ArrayBuffer)));
	}
	close(): void {
		this.#below.close();
	}
	#shake(): void {
		this.#below.write(Uint8Array.of(22));
	}
	#received(count: number): void {
		this.#below.readable = count;
		if (this.#data) return;
		const record = new Uint8Array(this.#below.read(1) as ArrayBuffer);
		this.#below.readable -= 1;
		if (record[0] === Bad) throw new Error("auth failed");
		if (this.#ready) {
			this.#data = record;
			this.#options.onReadable?.call(undefined, 1);
			return;
		}
		this.#ready = true;
		if (record[0]) this.#below.write(Uint8Array.of(20).buffer);
		this.#options.onWritable?.call(undefined, 1000);
		if (this.#below.readable) this.#received(this.#below.readable);
	}
}

let log: string[] = [];
let socket: Socket;

/** A guarded socket over a fake TLS over a fake TCP; `onReadable` reads, unless told otherwise. */
function open(options: SocketOptions = {}): void {
	const Guarded = guardTLS(FakeTLS, FakeTCP);
	socket = new Guarded({
		address: "192.0.2.1",
		port: 1,
		onWritable: (count) => log.push(`writable ${count}`),
		onReadable: () => log.push(`read ${new Uint8Array(socket.read() as ArrayBuffer)}`),
		onError: (error) => log.push(`${error}`),
		...options,
	});
}

describe("guards/tls", () => {
	beforeEach(() => {
		clock.reset();
		FakeTCP.reset();
		FakeTLS.refusal = undefined;
		log = [];
	});

	it("passes bytes on, several records that came at once, too", () => {
		open();
		FakeTCP.last.accept();
		FakeTCP.last.receive([1, 7, 8, 9]);
		clock.advance(0);
		deepEqual(log, ["writable 1000", "read 7", "read 8", "read 9"]);
		equal(clock.armed, 0);
	});
	it("tells why a handshake failed", () => {
		open();
		FakeTCP.last.receive([Bad]);
		deepEqual(log, ["TLSError: TLS: Error: auth failed"]);
		ok(FakeTCP.last.closed);
	});
	it("lets nothing escape from a record that is handled later", () => {
		open();
		FakeTCP.last.accept();
		FakeTCP.last.receive([1, 7, Bad]);
		clock.advance(0);
		deepEqual(log, ["writable 1000", "read 7", "TLSError: TLS: Error: auth failed"]);
		ok(FakeTCP.last.closed);
	});
	it("lets nothing of the application out when the other side ends the handshake early", () => {
		open({ onWritable: () => void socket.write(Uint8Array.of(83, 69, 67).buffer) });
		FakeTCP.last.accept();
		FakeTCP.last.receive([0]);
		deepEqual(
			FakeTCP.last.frames.map((frame) => [...frame]),
			[[22]],
		);
		deepEqual(log, ["TLSError: handshake: the other side ended it before keys were agreed"]);
		ok(FakeTCP.last.closed);
	});
	it("lets bytes of the application out once keys are agreed", () => {
		open({ onWritable: () => void socket.write(Uint8Array.of(5).buffer) });
		FakeTCP.last.accept();
		FakeTCP.last.receive([1]);
		deepEqual(
			FakeTCP.last.frames.map((frame) => [...frame]),
			[[22], [20], [23, 5]],
		);
	});
	it("tells a connection that the network ended without a reason", () => {
		open();
		FakeTCP.last.drop();
		deepEqual(log, ["undefined"]);
	});
	it("throws a TLSError for options that TLS does not take", () => {
		FakeTLS.refusal = new Error("invalid key");
		throws(() => open(), "TLS: Error: invalid key");
		FakeTLS.refusal = new TLSError("given");
		throws(() => open(), "given");
	});
	it("calls nothing after close", () => {
		open({
			onReadable() {
				socket.read();
				socket.close();
			},
		});
		FakeTCP.last.accept();
		FakeTCP.last.receive([1, 7, 8]);
		clock.advance(0);
		socket.close();
		equal(socket.read(), undefined);
		deepEqual(log, ["writable 1000"]);
		equal(clock.armed, 0);
	});
	it("does not mind callbacks that are missing", () => {
		for (const name of ["onReadable", "onWritable", "onError"]) {
			open({ [name]: undefined });
			FakeTCP.last.accept();
			FakeTCP.last.receive([1, 7]);
			clock.advance(0);
			FakeTCP.last.receive([Bad]);
			clock.advance(0);
			equal(FakeTCP.last.closed, name !== "onReadable");
		}
	});
});
