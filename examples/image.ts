// The firmware of a program that takes mods: updater and trial as in main.ts. Not an example by itself.
import { Digest } from "crypt";
import { restart } from "examples/mods";
import verify from "host/signature";
import slots from "host/slots";
import Store from "host/store";
import system from "host/system";
import config from "mc/config";
import Updater, { type Report } from "ota";
import { type SignatureOptions, signedBy } from "ota/signature";
import Trial from "ota/trial";
import type TBClient from "tbclient";

const { title, version, updateKeys: keys } = config;

/** Whose signature a package of that kind needs, where the image pins keys. */
export const signed = (kind: SignatureOptions["kind"]) =>
	keys && { inspect: signedBy({ kind, keys, digest: Digest, verify }) };

/** Telemetry by that client. */
export const reportTo =
	(client: TBClient): Report =>
	(values, callback) =>
		client.sendTelemetry(values, callback);

/** `wait`: why no firmware may be begun. */
export function updaterOf(client: TBClient, wait: () => string | undefined) {
	const common = { current: { title, version }, slots, store: new Store("ota"), digest: Digest };
	const report = reportTo(client);
	const trial = new Trial({ ...common, report, resetReason: system.resetReason, onReady: restart });
	const updater = new Updater({
		...{
			...common,
			...signed("firmware"),
			source: client,
			report,
			random: system.random,
			wait,
			onReady: restart,
		},
		onState: (state, { error = "" }) => trace(`firmware: ${state} ${error}\n`),
	});
	trace(`image ${version}\n`);
	return { trial, updater };
}
