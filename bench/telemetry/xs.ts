// A virtual board under the load: real sockets, real time, the XS engine in its own process. Its CPU is that of both processes.
import { fileURLToPath } from "node:url";
import { Board } from "../../hosts/virtual/board.ts";
import { buildFirmware, writeFactoryImage, XSVersion } from "../../hosts/virtual/factory.ts";
import { NorFlash } from "../../hosts/virtual/flash.ts";
import { Nvs } from "../../hosts/virtual/nvs.ts";
import { readPartitions } from "../../hosts/virtual/partitions.ts";
import { cpuOfChildren } from "./cpu.ts";
import { taskOf } from "./load.ts";

const task = taskOf();
const entry = fileURLToPath(new URL("guest.ts", import.meta.url));
const flash = new NorFlash();
writeFactoryImage(flash, await buildFirmware({ entry, version: "1.0.0", build: "bench", title: "bench" }));
const nvs = new Nvs(flash, readPartitions().find("nvs"));
for (const [name, value] of Object.entries(task)) nvs.set("bench", name, value);

const board = new Board({ flash });
let start = 0;
let cpu = 0;
const used = (): number => {
	const { user, system } = process.cpuUsage();
	return user + system + cpuOfChildren(process.pid);
};
const fail = (text: string): never => {
	console.error(text);
	process.exit(1);
};
board.on("reset", ({ reason, text }) => fail(`the board reset: ${reason} ${text}`));
board.on("trace", ({ text }) => {
	if (text.startsWith("failed")) fail(text);
	if (text === "start") {
		start = performance.now();
		cpu = used();
	}
	if (text !== "end") return;
	const milliseconds = performance.now() - start;
	const { messages } = task;
	console.log(JSON.stringify({ version: `XS ${XSVersion}`, messages, milliseconds, cpu: used() - cpu }));
	board.close();
	process.exit(0);
});
board.powerOn();
