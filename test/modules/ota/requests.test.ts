// What is asked for, and in which order, to the byte.
import { Pace } from "ota/pace";
import { Patience } from "ota/patience";
import { Requests } from "ota/requests";
import { noTally } from "ota/tally";
import { deepEqual, equal, ok } from "../../assert.ts";
import { clock } from "../../fakes/clock.ts";

/** Requests for `size` bytes; `asked` has each as `id:first byte+bytes`. `chunkSize`: fixed, or as the pace says. */
function begin(size: number, chunkSize?: number, largest = 4096) {
	clock.reset();
	const asked: string[] = [];
	const world = { accepts: true, throws: false, drawn: 0 };
	const sink = {
		...{ position: 0, isBehind: false, prepare() {}, take() {} },
		room: () => new Uint8Array(0),
	};
	const source = {
		requestFirmware(request: number, index: number, bytes: number) {
			if (world.throws) throw new Error("socket: closed");
			if (world.accepts) asked.push(`${request}:${index * bytes}+${bytes}`);
			return world.accepts;
		},
		read: () => 0,
	};
	const pace = new Pace(largest);
	const tally = noTally();
	const patience = new Patience(pace, { overdue() {} });
	const nextRequest = () => ++world.drawn;
	const requests = new Requests(
		{ source, sink, size, pace, tally, nextRequest, ...(chunkSize !== undefined && { chunkSize }) },
		patience,
	);
	/** The chunk of the series under way has come whole, up to `position`. */
	const came = (position: number, request = world.drawn) => {
		sink.position = position;
		requests.measure();
		const series = requests.seriesOf(request);
		ok(series);
		requests.completed(series);
	};
	/** What was asked since the last call. */
	const news = () => asked.splice(0).join(" ");
	return { requests, pace, patience, sink, world, tally, came, news };
}

describe("Requests", () => {
	it("are one until it is answered, then as many as the pace allows, and none past the end", () => {
		const { requests, pace, came, news, tally } = begin(10_000, 1_000);
		requests.renew();
		equal(news(), "1:0+1000");
		came(1_000);
		equal(news(), "1:1000+1000 1:2000+1000 1:3000+1000 1:4000+1000");
		clock.advance(10);
		came(2_000);
		equal(pace.requests(1_000), 16);
		equal(news(), "1:5000+1000 1:6000+1000 1:7000+1000 1:8000+1000 1:9000+1000");
		came(10_000);
		deepEqual([news(), tally.requests], ["", 10]);
	});

	it("continue at the chunk that holds the next byte", () => {
		const { requests, sink, news } = begin(10_000, 1_000);
		sink.position = 3_400;
		requests.renew();
		equal(news(), "1:3000+1000");
	});

	it("forget earlier ids when they begin anew, and all when they are closed", () => {
		const { requests, sink } = begin(10_000, 1_000);
		equal(requests.isOpen, false);
		requests.renew();
		requests.renew();
		deepEqual([requests.seriesOf(1), requests.seriesOf(2)?.size], [undefined, 1_000]);
		requests.close();
		deepEqual([requests.seriesOf(2), requests.isOpen], [undefined, false]);
		equal(sink.position, 0);
	});

	/** Up to the first large chunk, which is asked for from byte 32 768 on. */
	function grown() {
		const world = begin(400_000, undefined, 16_384);
		world.requests.renew();
		for (let at = 4_096; world.pace.chunk < 16_384; at += 4_096) {
			world.came(at, 1);
			clock.advance(5);
		}
		return world;
	}

	it("go over to larger chunks under an id of its own, one until it is answered; the earlier id still counts", () => {
		const { requests, came, news } = grown();
		equal(news().split(" ").at(-1), "2:32768+16384");
		deepEqual([requests.seriesOf(1)?.size, requests.seriesOf(2)?.size], [4_096, 16_384]);
		came(32_768, 1);
		equal(news(), "", "one at a time under an id that was not answered");
		came(49_152, 2);
		equal(news(), "2:49152+16384 2:65536+16384 2:81920+16384 2:98304+16384");
		requests.askAgain();
		deepEqual([requests.seriesOf(1), news()], [undefined, "2:49152+16384"]);
	});

	it("ask again for what came ahead of its turn, in its turn, and for nothing that is still on its way", () => {
		const { requests, came, news } = begin(20_000, 1_000);
		requests.renew();
		came(1_000);
		equal(news(), "1:0+1000 1:1000+1000 1:2000+1000 1:3000+1000 1:4000+1000");
		requests.backTo(3_000); // 1000 is lost, 2000 was not seen yet
		requests.askMissing();
		equal(news(), "1:1000+1000");
		came(2_000);
		equal(news().split(" ")[0], "1:3000+1000");
	});

	it("ask once for the missing chunk when a part of that very chunk came ahead", () => {
		const { requests, came, news } = begin(20_000, 1_000);
		requests.renew();
		came(1_000);
		news();
		requests.backTo(1_000);
		requests.askMissing();
		equal(news(), "1:1000+1000");
		came(2_000);
		equal(news().split(" ")[0], "1:2000+1000");
	});

	it("begin at a chunk of their own size when what came ahead has the earlier, smaller size", () => {
		const { requests, came, news } = grown();
		came(32_768, 1);
		came(49_152, 2);
		news();
		requests.backTo(86_016); // in the chunk at 81 920
		came(65_536, 2);
		equal(news().split(" ")[0], "2:81920+16384");
	});

	it("ask again at once when the source has room, and count only what was sent", () => {
		for (const refusal of ["accepts", "throws"] as const) {
			const { requests, came, news, world, tally } = begin(20_000, 1_000);
			requests.renew();
			news();
			world[refusal] = refusal === "throws";
			came(1_000);
			deepEqual([news(), tally.requests], ["", 1]);
			Object.assign(world, { accepts: true, throws: false });
			requests.writable();
			equal(news().split(" ")[0], "1:1000+1000");
			requests.writable();
			equal(news(), "", `${refusal}: nothing is refused any more`);
		}
	});

	it("have nothing to ask for when there is room but no connection", () => {
		const { requests, news, world } = begin(20_000, 1_000);
		requests.writable();
		world.accepts = false;
		requests.renew();
		requests.close();
		world.accepts = true;
		requests.writable();
		equal(news(), "");
	});

	it("ask for nothing that came while it was to be asked for again, and the source refused", () => {
		const { requests, world, came, news } = begin(3_000, 1_000);
		requests.renew();
		equal(news(), "1:0+1000");
		world.accepts = false;
		requests.askAgain();
		came(1_000);
		world.accepts = true;
		requests.writable();
		equal(news(), "1:1000+1000");
	});

	it("are asked again from the missing chunk on when the source refused that", () => {
		const { requests, came, news, world } = begin(20_000, 1_000);
		requests.renew();
		came(1_000);
		news();
		world.accepts = false;
		requests.backTo(2_000);
		requests.askMissing();
		world.accepts = true;
		requests.writable();
		equal(news().split(" ")[0], "1:1000+1000");
	});

	it("tell the pace how long a chunk took, and how much was in flight before it", () => {
		const { requests, sink, pace } = begin(20_000, 1_000);
		sink.position = 3_000;
		requests.renew();
		clock.advance(4_000);
		requests.measure();
		equal(pace.roundTrip, 0, "not there yet");
		sink.position = 4_000;
		requests.measure();
		deepEqual([pace.roundTrip, pace.requests(100)], [4_000, 5]);
		clock.advance(4_000);
		requests.measure();
		equal(pace.roundTrip, 4_000, "once");
	});

	it("measure nothing over a begin anew", () => {
		const { requests, sink, pace } = begin(20_000, 1_000);
		requests.renew();
		clock.advance(60_000);
		requests.askAgain();
		clock.advance(100);
		sink.position = 1_000;
		requests.measure();
		equal(pace.roundTrip, 100);
	});
});
