import "../../setup.ts";
import { guardTCP } from "guards/tcp";
import type { SocketOptions } from "guards/types";
import { deepEqual, equal, ok } from "../../assert.ts";
import { FakeTCP } from "../../fakes/tcp.ts";

const GuardedTCP = guardTCP(FakeTCP);
const callbacks = ["onReadable", "onWritable", "onError"] as const;
const boom = () => {
	throw new Error("boom");
};
const open = (options: SocketOptions) => new GuardedTCP({ address: "192.0.2.1", port: 1, ...options });

/** Makes the network cause one callback. */
function provoke(name: (typeof callbacks)[number]): void {
	if (name === "onReadable") FakeTCP.last.receive([1]);
	else if (name === "onWritable") FakeTCP.last.accept();
	else FakeTCP.last.drop();
}

describe("guards/tcp", () => {
	beforeEach(() => FakeTCP.reset());

	it("hands on options, counts, errors and the socket as this", () => {
		const calls: unknown[] = [];
		const note = (name: string) =>
			function (this: unknown, value?: unknown) {
				calls.push(name, value ?? null, this === socket);
			};
		const socket = open({ onReadable: note("r"), onWritable: note("w"), onError: note("e"), nodelay: true });
		equal(FakeTCP.last.options.nodelay, true);
		for (const name of callbacks) provoke(name);
		deepEqual(calls, ["r", 1, true, "w", 1536, true, "e", null, true]);
	});

	it("reads and writes as the class below", () => {
		const socket = open({});
		FakeTCP.last.accept();
		FakeTCP.last.receive([7, 8]);
		deepEqual(new Uint8Array(socket.read() as ArrayBuffer), [7, 8]);
		equal(socket.write(Uint8Array.of(1)), 1535);
	});

	it("does not mind callbacks that are missing", () => {
		open({});
		for (const name of callbacks) provoke(name);
	});

	it("asks for no callback that the owner did not give, but always for onError", () => {
		open({});
		deepEqual(
			callbacks.map((name) => name in FakeTCP.last.options),
			[false, false, true],
		);
	});

	for (const name of ["onReadable", "onWritable"] as const) {
		it(`turns an exception in ${name} into onError with that exception, and closes`, () => {
			const errors: unknown[] = [];
			open({ [name]: boom, onError: (error) => errors.push(String(error)) });
			provoke(name);
			deepEqual(errors, ["Error: boom"]);
			ok(FakeTCP.last.closed);
		});

		it(`closes when onError throws after ${name} threw`, () => {
			open({ [name]: boom, onError: boom });
			provoke(name);
			equal(FakeTCP.last.closes, 1);
		});

		it(`closes when ${name} threw and there is no onError`, () => {
			open({ [name]: boom });
			provoke(name);
			ok(FakeTCP.last.closed);
		});

		it(`says nothing more when ${name} closed and then threw`, () => {
			let errors = 0;
			const socket = open({
				[name]() {
					socket.close();
					boom();
				},
				onError: () => {
					errors += 1;
				},
			});
			provoke(name);
			deepEqual([errors, FakeTCP.last.closes], [0, 1]);
		});
	}

	it("closes when onError throws", () => {
		open({ onError: boom });
		provoke("onError");
		ok(FakeTCP.last.closed);
	});

	for (const name of callbacks)
		it(`may be closed in ${name}, twice`, () => {
			const socket = open({
				[name]() {
					socket.close();
					socket.close();
				},
			});
			provoke(name);
			equal(FakeTCP.last.closes, 1);
		});

	it("calls nothing after close", () => {
		let calls = 0;
		const count = () => {
			calls += 1;
		};
		open({ onReadable: count, onWritable: count, onError: count }).close();
		FakeTCP.last.closed = false; // a class below that goes on all the same
		for (const name of callbacks) provoke(name);
		equal(calls, 0);
	});

	it("works when the class below calls without this, as TLSSocket does", () => {
		let errors = 0;
		open({
			onReadable: boom,
			onError: () => {
				errors += 1;
			},
		});
		const { onReadable } = FakeTCP.last.options;
		onReadable?.call(undefined, 1);
		deepEqual([errors, FakeTCP.last.closes], [1, 1]);
	});

	it("lets the constructor's own exception through", () => {
		FakeTCP.refusal = new Error("no socket");
		let caught = "";
		try {
			open({});
		} catch (error) {
			caught = String(error);
		}
		equal(caught, "Error: no socket");
	});
});
