// `npm run bench`: speed and memory, each with how it was measured. docs/bench.md says more.
import { args } from "../tools/args.ts";
import { type Gateway, gateway, gatewayText } from "./gateway/main.ts";
import { link, type OTA, ota } from "./ota/main.ts";
import { tableText } from "./ota/text.ts";
import { type Size, size } from "./size.ts";
import { type Standin, standin, standinText } from "./standin.ts";
import { type Rate, type Telemetry, telemetry, window } from "./telemetry.ts";
import { type XS, xs } from "./xs.ts";

const options = args({
	command: "npm run bench --",
	about:
		"Counts and ratios, the same for the same sources everywhere; then clients side by side, in seconds of this machine.",
	options: {
		json: { help: "one JSON object on stdout and nothing else" },
		messages: { help: "messages that the fastest clients send side by side", value: "N", default: "20000" },
		quick: { help: "load the stand-in only for a moment: its figures then show no more than that they come" },
	},
});

/** What `--json` prints. */
interface Report {
	xs: XS;
	ota: OTA;
	size: Size;
	telemetry: Telemetry;
	gateway: Gateway;
	standin: Standin;
}

/** One client's line. */
function line(name: string, { messagesPerSecond, cpuMicrosecondsPerMessage, version, reason }: Rate): string {
	if (messagesPerSecond === null) return `  ${name.padEnd(16)}not measured: ${reason}`;
	return `  ${name.padEnd(16)}${messagesPerSecond} messages/s, ${cpuMicrosecondsPerMessage} µs of CPU each (${version})`;
}

function byteCodeText({ byteCode }: Size): string {
	if (!byteCode) return "  byte code     not measured: MODDABLE names no SDK";
	const { tbclient, ota } = byteCode;
	return `  byte code     ${tbclient + ota} B: tbclient ${tbclient}, ota ${ota} (xsc, release, the core's modules; the aim is 49 152)`;
}

function text({ xs, ota, size, telemetry: rates, gateway, standin }: Report): string {
	const { board } = ota;
	const { idle, connected, updating } = xs.heapBytes;
	const share = Math.round((100 * board.kBps) / board.tcpCopykBps);
	return `XS ${xs.version} (worker of the virtual board)
  telemetry     ${xs.instructionsPerTelemetry} byte codes, ${xs.slotsPerTelemetry} slots
                a message of 3 values until its PUBACK; median of 100, less a second in which nothing is sent
  RPC           ${xs.instructionsPerRPC} byte codes: a call of the server and its answer, measured in the same way
  attributes    ${xs.instructionsPerAttributes} byte codes: a push of two
  queue         ${xs.bytesPerQueued} B for a message that waits, besides its payload
  heap of ours  idle ${idle} B, connected ${connected} B, updating ${updating} B (+${updating - connected})
                after a collection, less what was there once the modules were loaded; slots at 16 B, chunks as the
                worker has them; less what the MQTT client alone holds in the same situation
  transport     ${xs.transportBytes} B
                the MQTT client and its socket alone, connected; not in the line above

Firmware download on the virtual board
  ${board.kBps} kB/s of ${board.tcpCopykBps} kB/s that a plain TCP copy reaches: ${share} %
                the same 256 KiB over the same link (${link.roundTrip} ms round trip, ${link.rate} kB/s, window ${link.window} B) into
                the same flash (its erase and write times), on the board's clock; JavaScript itself takes no time there
${tableText(ota)}

Code, minified bundle of each module alone
  tbclient      ${size.tbclient} B
  ota           ${size.ota} B
${byteCodeText(size)}

Telemetry side by side, on this machine and at its present load
${line("TBClient", rates.node)}
${line("TBClient on XS", rates.xs)}
${line("Python SDK", rates.python)}
${line("MQTT.js", rates.mqttjs)}
                QoS 1, ${window} without PUBACK at a time, 3 values each; the same stand-in, in a process of its own, no limits. XS: the
                board's process and the engine's together

${gatewayText(gateway)}

${standinText(standin)}`;
}

const messages = Number(options.messages);
if (!(Number.isInteger(messages) && messages >= 100)) {
	console.error(`--messages: expected at least 100, got "${options.messages}"`);
	process.exit(2);
}
const report: Report = {
	...{ xs: await xs(), ota: await ota(), size: await size() },
	telemetry: await telemetry(messages),
	gateway: await gateway(messages),
	standin: await standin(options.quick),
};
console.log(options.json ? JSON.stringify(report) : text(report));
process.exit(0);
