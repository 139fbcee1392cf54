// Software packages: a mod of a few kilobytes takes the place of the module `app`, without a new firmware. It is staged, copied after a
// restart, on trial until it has proved itself, and taken away when it fails (docs/software.md). Firmware uses the same slot: each waits.
import "examples/mods";

import * as app from "app";
import { Digest } from "crypt";
import { reportTo, signed, updaterOf } from "examples/image";
import { restart, slot, store } from "examples/mods";
import { server, token } from "examples/settings";
import mods from "host/mods";
import system from "host/system";
import { sharedNames } from "ota";
import { Software, softwareNames } from "ota/software";
import type { Proof } from "ota/trial";
import { turns } from "ota/turns";
import TBClient from "tbclient";
import { SoftwareSource } from "tbclient/software";
import Timer from "timer";

const client: TBClient = new TBClient({
	...{ ...server, token, watch: [...new Set([...sharedNames, ...softwareNames])] },
	onConnected() {
		prove("connected");
		both((part) => part.connected());
	},
	onDisconnected: () => both((part) => part.disconnected()),
	onAttributes: (values, deleted) => both((part) => part.offer(values, deleted)),
	onFirmware: (count, chunk) => updater.receive(count, chunk),
	onFirmwareError: (text) => both((part) => part.sourceError(text)),
	onWritable: () => both((part) => part.writable()),
});
const source = new SoftwareSource(client, () => software);
client.attach(source);
const wait = turns(() => ({ updater, trial, software }));
const { updater, trial } = updaterOf(client, wait.firmware);
const software = new Software({
	...{ slots: slot, mods, store, source, wait: wait.software, ...signed("software") },
	...{ digest: Digest, random: system.random, report: reportTo(client), onReady: restart },
	onState: (state, { error = "" }) => trace(`software: ${state} ${error}\n`),
});

const both = (tell: (part: typeof updater | Software) => void): void => [updater, software].forEach(tell);
function prove(proof: Proof): void {
	for (const part of [trial, software]) part.prove(proof);
}

// A reading that is acknowledged, and taken at all: two of the three proofs of what is on trial. The third is the connection.
Timer.repeat(() => {
	client.sendTelemetry(app.readings(), (error) => !error && prove("acknowledged"));
	prove("application");
}, 1000);
trace(`mod ${slot.current.version}, app ${app.build}\n`);
