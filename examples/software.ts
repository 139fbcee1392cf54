// Software packages: a mod of a few kilobytes takes the place of the module `app`, without a new firmware. It is staged, copied after a
// restart, on trial until it has proved itself, and taken away when it fails (docs/software.md). Beside it firmware, as in main.ts: both use
// one slot, so each waits for the other.
import "examples/mods";

import * as app from "app";
import { Digest } from "crypt";
import { restart, slot, store } from "examples/mods";
import { server, token } from "examples/settings";
import type { JSONObject } from "host/contract";
import mods from "host/mods";
import verify from "host/signature";
import slots from "host/slots";
import Store from "host/store";
import system from "host/system";
import config from "mc/config";
import Updater, { sharedNames } from "ota";
import { type SignatureOptions, signedBy } from "ota/signature";
import { Software, softwareNames } from "ota/software";
import Trial, { type Proof } from "ota/trial";
import { turns } from "ota/turns";
import TBClient from "tbclient";
import { SoftwareSource } from "tbclient/software";
import Timer from "timer";

const { title, version, updateKeys: keys } = config;
const client: TBClient = new TBClient({
	...{ ...server, token, watch: [...new Set([...sharedNames, ...softwareNames])] },
	onConnected() {
		prove("connected");
		updater.connected();
		software.connected();
	},
	onDisconnected() {
		updater.disconnected();
		software.disconnected();
	},
	onAttributes(values, deleted) {
		for (const part of [updater, software]) {
			part.withdraw(deleted);
			part.offer(values);
		}
	},
	onFirmware: (count, chunk) => updater.receive(count, chunk),
	onFirmwareError(text) {
		updater.sourceError(text);
		software.sourceError(text);
	},
	onWritable() {
		updater.writable();
		software.writable();
	},
});
const source = new SoftwareSource(client, () => software);
client.attach(source);

const wait = turns(() => ({ updater, trial, software }));
const signed = (kind: SignatureOptions["kind"]) =>
	keys && { inspect: signedBy({ kind, keys, digest: Digest, verify }) };
const common = {
	...{ digest: Digest, random: system.random, onReady: restart },
	report: (values: JSONObject, callback?: (error: Error | null) => void) =>
		client.sendTelemetry(values, callback),
};
const image = { ...common, current: { title, version }, slots, store: new Store("ota") };
const updater = new Updater({
	...{ ...image, source: client, wait: wait.firmware, ...signed("firmware") },
	onState: (state, { error = "" }) => trace(`firmware: ${state} ${error}\n`),
});
const trial = new Trial({ ...image, resetReason: system.resetReason });
const software = new Software({
	...{ ...common, slots: slot, mods, store, source, wait: wait.software, ...signed("software") },
	onState: (state, { error = "" }) => trace(`software: ${state} ${error}\n`),
});

/** An image on trial and a mod on trial have to show the same. */
function prove(proof: Proof): void {
	trial.prove(proof);
	software.prove(proof);
}

// A reading that is acknowledged, and taken at all: two of the three proofs of what is on trial. The third is the connection.
Timer.repeat(() => {
	client.sendTelemetry(app.readings(), (error) => !error && prove("acknowledged"));
	prove("application");
}, 1000);
trace(`mod ${slot.current.version}, app ${app.build}, image ${version}\n`);
