// What the page reckons with, without a page: how far a download is, and the points of a chart.
import { type ChunkPacket, Download } from "../../thingsboard/page/download.ts";
import { Series } from "../../thingsboard/page/series.ts";
import { deepEqual, equal } from "../assert.ts";

const request = (index: number, size = 100, id = 1): ChunkPacket => ({
	...{ at: 0, direction: "in", topic: `v2/fw/request/${id}/chunk/${index}`, text: String(size) },
});
const response = (index: number, payload: number, at = 0, id = 1): ChunkPacket => ({
	...{ at, direction: "out", topic: `v2/fw/response/${id}/chunk/${index}`, payload },
});

describe("page: how far a download is", () => {
	it("is the end of the furthest chunk", () => {
		const download = new Download("fw");
		for (const packet of [request(0), response(0, 100), request(1), response(1, 100), response(0, 100)])
			download.take(packet);
		equal(download.bytes, 200);
		download.take(request(2));
		equal(download.take(response(2, 30)), true);
		equal(download.bytes, 230);
	});

	it("is known from the middle of a download too, and of a file in one piece", () => {
		const late = new Download("fw");
		late.take(response(7, 100));
		equal(late.bytes, 800);
		const whole = new Download("fw");
		whole.take({ ...request(0), text: "" });
		whole.take(response(0, 5000));
		equal(whole.bytes, 5000);
	});

	it("begins anew with another request id, and takes nothing of the other kind or direction", () => {
		const download = new Download("fw");
		download.take(response(3, 100));
		download.take(response(0, 100, 0, 2));
		equal(download.bytes, 100);
		equal(new Download("sw").take(response(0, 100)), false);
		equal(download.take({ ...response(9, 100), direction: "in" }), false);
		equal(download.take({ at: 0, direction: "open" }), false);
		equal(download.take(response(9, 0)), false, "an empty chunk is no progress");
	});

	it("has the rate of the last seconds, then of the whole", () => {
		const download = new Download("fw");
		for (let i = 0; i <= 10; i++) download.take(response(i, 100, 1000 + i * 1000));
		equal(download.rate(11_000), 100);
		equal(download.rate(60_000), 100);
		equal(new Download("fw").rate(0), 0);
		for (let i = 0; i <= 10; i++) download.take(response(11 + i, 400, 12_000 + i * 100));
		equal(Math.round(download.rate(13_000)), 2200);
	});
});

describe("page: the points of a chart", () => {
	it("are in the order of their time, one for each moment", () => {
		const series = new Series("t");
		for (const [ts, text] of [
			[10, "1"],
			[30, "3"],
			[20, "2"],
			[30, "4"],
		] as const)
			series.add(ts, text);
		deepEqual(series.data, [
			[10, 20, 30],
			[1, 2, 4],
		]);
		deepEqual([series.latest, series.latestTs], ["4", 30]);
		deepEqual(series.at(1), { ts: 20, text: "2" });
		deepEqual(series.at(undefined), { ts: 30, text: "4" });
	});

	it("leave a gap where the value is no number", () => {
		const series = new Series("t");
		for (const [i, text] of ["1", "off", "", "1e3", "NaN"].entries()) series.add(i, text);
		deepEqual(series.data[1], [1, null, null, 1000, null]);
		equal(series.numeric, false);
		deepEqual(series.at(1), { ts: 4, text: "NaN" });
	});

	it("are bounded: the oldest go", () => {
		const series = new Series("t");
		for (let i = 0; i < 5010; i++) series.add(i, "1");
		deepEqual([series.data[0].length, series.data[0][0]], [5000, 10]);
	});
});
