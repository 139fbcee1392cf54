// A publication from its plan to its end.

import type { KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { pinnedKeys } from "../../hosts/virtual/factory.ts";
import type { Body } from "../peer/rest.ts";
import { imageOf } from "./build.ts";
import { checkFirmware, checkSize, modSize } from "./check.ts";
import { blaming } from "./errors.ts";
import { readInput } from "./files.ts";
import { type Followed, followed } from "./follow.ts";
import { assign, devicesOf, findGoal, profileOf } from "./goal.ts";
import { checkMod } from "./mod.ts";
import { provide } from "./package.ts";
import { checkPins, checkSigner } from "./pinned.ts";
import { asNumber, type Plan } from "./plan.ts";
import { checkRunning } from "./running.ts";
import { checkSecrets, credentialsOf, passwordSecret, type Secret } from "./secrets.ts";
import { Session } from "./session.ts";
import { keyIdOf, publicPoint, readKey, signPackage } from "./sign.ts";
import { takersOf } from "./takers.ts";
import type { Talk } from "./talk.ts";
import { type Times, timesOf, timesOfOffer } from "./telemetry.ts";
import { type Outcome, watch } from "./watch.ts";

/** Where the server is, and who logs in. */
export interface Login {
	url: string;
	user: string;
	password: string;
}

/** A checked package. */
interface Prepared {
	bytes: Uint8Array<ArrayBuffer>;
	point: Buffer | undefined;
}

const HowSaid = {
	uploaded: "uploaded",
	filled: "uploaded into the empty package that was there",
	found: "there already, with the same content",
} as const;

/** Checks only. @throws CheckError */
export async function check(plan: Plan, password: string, talk: Talk): Promise<Outcome> {
	await prepare(plan, passwordSecret(password), talk);
	return { state: "CHECKED", status: 0 };
}

/** @throws CheckError, RestError */
export async function publish(plan: Plan, { url, user, password }: Login, talk: Talk): Promise<Outcome> {
	const rest = new Session(url, user, password);
	const { goal, type } = plan;
	const found = await findGoal(rest, goal);
	const devices = await devicesOf(rest, goal, found);
	if (plan.isAssigned && !plan.retitle) await checkRunning(rest, goal, devices, type, plan);
	const secrets = [...passwordSecret(password), ...(await credentialsOf(rest, devices, plan.title))];
	const prepared = await prepare(plan, secrets, talk);
	const { title, version } = plan;
	const { id, how } = await provide(rest, { title, version, type, ...prepared }, profileOf(goal, found));
	talk.step(`package ${id}`, HowSaid[how]);
	if (!plan.isAssigned) return { id, state: how === "found" ? "FOUND" : "UPLOADED", status: 0 };
	return { id, ...(await deliver(rest, plan, found, id, talk)) };
}

/** Assigns and follows. */
async function deliver(rest: Session, plan: Plan, found: Body, id: string, talk: Talk): Promise<Outcome> {
	const { goal, type } = plan;
	const taking = await takersOf(rest, plan, found, talk);
	const before: Times[] = [];
	for (const { device } of taking) before.push(await timesOf(rest, device, type));
	const isNew = await assign(rest, goal, found, type, id);
	talk.step(`${goal.kind} ${goal.name}`, isNew ? "assigned" : "assigned already");
	const list: Followed[] = [];
	for (const [index, { device, was }] of taking.entries()) {
		const since = isNew ? (before[index] as Times) : await timesOfOffer(rest, device, type);
		list.push(followed(device, since, was));
	}
	return watch(rest, list, { plan, talk, url: rest.url, isNew });
}

/** The package, checked and signed. @throws CheckError */
async function prepare(plan: Plan, secrets: readonly Secret[], talk: Talk): Promise<Prepared> {
	const isMod = plan.type === "SOFTWARE";
	const told = asNumber(plan.version);
	if (told) talk.warn(`ThingsBoard makes ${told} of version ${plan.version}: use three numbers`);
	const keys = await blaming("manifest.json ", pinnedKeys);
	const image = await imageOf(plan);
	const target = isMod ? checkMod(image, plan) : checkFirmware(image, plan, plan.chip);
	checkSecrets(image, secrets);
	const key = plan.sign === undefined ? undefined : await keyOf(plan.sign);
	const pack = key ? await blaming("", () => signPackage(image, key, plan)) : image;
	if (key) talk.step("signed", `by key ${keyIdOf(publicPoint(key)).toString("hex")}`);
	if (isMod) checkSize(pack, modSize(), "the partition xs");
	else checkSize(pack);
	for (const doubt of [checkSigner(pack, keys), isMod ? undefined : checkPins(image, keys)])
		if (doubt) talk.warn(doubt);
	if (plan.out !== undefined) await write(plan.out, pack);
	talk.step("checked", `${plan.title} ${plan.version} for ${target}, ${pack.length} bytes, no secret found`);
	return { bytes: new Uint8Array(pack), point: key && publicPoint(key) };
}

const keyOf = (file: string): Promise<KeyObject> =>
	blaming("", () => readKey(readInput("--sign", file).toString("utf8")));

const write = (file: string, bytes: Buffer): Promise<void> =>
	blaming("--out: ", () => writeFileSync(file, bytes));
