import "../../setup.ts";
import { guardResolver } from "guards/resolver";
import type { ResolverOptions, SocketConstructor } from "guards/types";
import { deepEqual, equal, ok } from "../../assert.ts";
import { FakeResolver, FakeTCP } from "../../fakes/tcp.ts";

const GuardedResolver = guardResolver(FakeResolver);
const boom = () => {
	throw new Error("boom");
};

describe("guards/resolver", () => {
	beforeEach(() => {
		FakeResolver.reset();
		FakeTCP.reset();
	});

	it("hands on the question and the answer", () => {
		const answers: string[][] = [];
		new GuardedResolver({}).resolve({ host: "a", onResolved: (...answer) => answers.push(answer) });
		FakeResolver.last.answer("192.0.2.7");
		deepEqual(answers, [["a", "192.0.2.7"]]);
	});

	it("hands on a failure with the host", () => {
		const failed: unknown[] = [];
		new GuardedResolver({}).resolve({ host: "a", onError: (host) => failed.push(host) });
		FakeResolver.last.fail();
		deepEqual(failed, ["a"]);
	});

	it("does not mind callbacks that are missing", () => {
		new GuardedResolver({}).resolve({ host: "a" });
		FakeResolver.last.answer();
		new GuardedResolver({}).resolve({ host: "a" });
		FakeResolver.last.fail();
	});

	it("swallows an exception in onResolved, and does not call onError for it", () => {
		let errors = 0;
		const onError = () => {
			errors += 1;
		};
		new GuardedResolver({}).resolve({ host: "a", onResolved: boom, onError });
		FakeResolver.last.answer();
		equal(errors, 0);
	});

	it("swallows an exception in onError", () => {
		new GuardedResolver({}).resolve({ host: "a", onError: boom });
		FakeResolver.last.fail();
	});

	it("answers a question once", () => {
		let calls = 0;
		const count = () => {
			calls += 1;
		};
		new GuardedResolver({}).resolve({ host: "a", onResolved: count, onError: count });
		FakeResolver.last.answer();
		FakeResolver.last.answer();
		FakeResolver.last.fail();
		equal(calls, 1);
	});

	it("answers nothing after close, which is legal twice", () => {
		let calls = 0;
		const resolver = new GuardedResolver({});
		resolver.resolve({
			host: "a",
			onResolved: () => {
				calls += 1;
			},
		});
		resolver.close?.();
		resolver.close?.();
		FakeResolver.last.answer();
		equal(calls, 0);
		ok(FakeResolver.last.closed);
	});

	it("may be closed where the class below has no close", () => {
		const Endless = class {
			resolve(): void {}
		};
		new (guardResolver(Endless))({}).close?.();
	});

	it("passes options without a datagram class as they are", () => {
		const options: ResolverOptions = { servers: ["192.0.2.53"], socket: { port: 5353 } };
		new GuardedResolver(options);
		equal(FakeResolver.last.options, options);
	});

	it("keeps exceptions inside the resolver's datagram socket, and leaves it open", () => {
		let reads = 0;
		new GuardedResolver({ servers: ["192.0.2.53"], socket: { io: FakeTCP } });
		const { socket, servers } = FakeResolver.last.options as ResolverOptions;
		deepEqual(servers, ["192.0.2.53"]);
		const UDP = socket?.io as SocketConstructor;
		new UDP({
			onReadable(count) {
				reads += count;
				boom();
			},
			onError: boom,
		});
		FakeTCP.last.receive([1]);
		FakeTCP.last.drop();
		deepEqual([reads, FakeTCP.last.closes], [1, 0]);
		new UDP({});
		FakeTCP.last.receive([1]);
		FakeTCP.last.drop();
	});
});
