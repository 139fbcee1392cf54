// Software packages: a mod of a few kilobytes takes the place of the module `app`, without a new firmware. It is staged, copied after a
// restart, on trial until it has proved itself, and taken away when it fails (docs/software.md).
import "examples/mods";

import * as app from "app";
import { Digest } from "crypt";
import { restart, slot, store } from "examples/mods";
import { server, token } from "examples/settings";
import mods from "host/mods";
import verify from "host/signature";
import system from "host/system";
import config from "mc/config";
import { signedBy } from "ota/signature";
import { Software, softwareNames } from "ota/software";
import TBClient from "tbclient";
import { SoftwareSource } from "tbclient/software";
import Timer from "timer";

const { updateKeys: keys } = config;
const client: TBClient = new TBClient({
	...{ ...server, token, watch: softwareNames },
	onConnected: () => software.connected(),
	onDisconnected: () => software.disconnected(),
	onAttributes(values, deleted) {
		software.withdraw(deleted);
		software.offer(values);
	},
	onFirmwareError: (text) => software.sourceError(text),
	onWritable: () => software.writable(),
});
const source = new SoftwareSource(client, () => software);
client.attach(source);
const software = new Software({
	...{ slots: slot, mods, store, source, digest: Digest, random: system.random, onReady: restart },
	...(keys && { inspect: signedBy({ kind: "software", keys, digest: Digest, verify }) }),
	report: (values, callback) => client.sendTelemetry(values, callback),
	onState: (state, { error = "" }) => trace(`software: ${state} ${error}\n`),
});

// A reading that is acknowledged, and taken at all: two of the three proofs of a mod on trial. The third is the connection.
Timer.repeat(() => {
	client.sendTelemetry(app.readings(), (error) => !error && software.prove("acknowledged"));
	software.prove("application");
}, 1000);
trace(`mod ${slot.current.version}, app ${app.build}\n`);
