// `npm run bench`: speed and memory, each with how it was measured. docs/bench.md says more.
import { args } from "../tools/args.ts";
import { link, type OTA, ota } from "./ota.ts";
import { type Size, size } from "./size.ts";
import { type XS, xs } from "./xs.ts";

const options = args({
	command: "npm run bench --",
	about: "Counts and ratios, no seconds of this machine: the same sources give the same figures.",
	options: { json: { help: "one JSON object on stdout and nothing else" } },
});

/** What `--json` prints. */
interface Report {
	xs: XS;
	ota: OTA;
	size: Size;
}

function text({ xs, ota: { board }, size }: Report): string {
	const { idle, connected, updating } = xs.heapBytes;
	const share = Math.round((100 * board.kBps) / board.tcpCopykBps);
	return `XS ${xs.version} (worker of the virtual board)
  telemetry     ${xs.instructionsPerTelemetry} byte codes, ${xs.slotsPerTelemetry} slots
                a message of 3 values until its PUBACK; median of 100, less a second in which nothing is sent
  heap of ours  idle ${idle} B, connected ${connected} B, updating ${updating} B (+${updating - connected})
                after a collection, less what was there once the modules were loaded; slots at 16 B, chunks as the
                worker has them; less what the MQTT client alone holds in the same situation
  transport     ${xs.transportBytes} B
                the MQTT client and its socket alone, connected; not in the line above

Firmware download on the virtual board
  ${board.kBps} kB/s of ${board.tcpCopykBps} kB/s that a plain TCP copy reaches: ${share} %
                the same 256 KiB over the same link (${link.roundTrip} ms round trip, ${link.rate} kB/s, window ${link.window} B) into
                the same flash (its erase and write times), on the board's clock; JavaScript itself takes no time there

Code, minified bundle of each module alone
  tbclient      ${size.tbclient} B
  ota           ${size.ota} B`;
}

const report: Report = { xs: await xs(), ota: await ota(), size: await size() };
console.log(options.json ? JSON.stringify(report) : text(report));
process.exit(0);
