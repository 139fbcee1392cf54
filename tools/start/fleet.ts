// `npm start -- --boards N`: several virtual boards on one stand-in. All report, then one firmware goes to all of them.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peer/site.ts";
import { type Card, card, power } from "./board.ts";
import { commission, flashFactory, offerNext } from "./firmware.ts";
import { startServer } from "./process.ts";
import { Rest } from "./rest.ts";
import * as show from "./show.ts";
import type { Supply } from "./supply.ts";

export interface FleetOptions {
	/** Folder of the boards. */
	state: string;
	count: number;
	/** Seconds a step may take. */
	patience: number;
	/** End after the update. */
	exit: boolean;
}

interface Member {
	state: string;
	card: Card;
	/** Of its device on the server. */
	id: string;
}

/** Resolves with the exit status: 0 when every board was seen to run the new firmware. */
export async function fleet({ state, count, patience, exit }: FleetOptions): Promise<number> {
	const server = await startServer(["--port", "0", "--http-port", "0"]);
	const rest = new Rest(server.url);
	await rest.login("tenant@thingsboard.org", "tenant");
	const members = await Promise.all((await flashed(state, count)).map((one) => registered(rest, one)));
	show.line(
		`Stand-in ThingsBoard ${server.url} (tenant@thingsboard.org / tenant), MQTT 127.0.0.1:${server.mqttPort}\n`,
	);
	for (const member of members)
		commission(member.state, { host: "127.0.0.1", port: server.mqttPort, token: member.card.token });
	const ended = new Promise<string>((done) => {
		for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => done("interrupted"));
	});
	const boards = members.map((member, i) => power(member.state, { label: `board ${i + 1}`, returns: !exit }));
	const gone = Promise.race(boards.map(crashed));
	const missing = await Promise.race([
		update(rest, state, members, patience * 1000).then(
			() => undefined,
			(error: Error) => error.message,
		),
		ended,
		gone,
	]);
	show.line(missing ? `\nNot complete: ${missing}` : `\nComplete: all ${count} boards run the new firmware.`);
	if (missing || exit) show.silence();
	let broken: string | undefined;
	if (!missing && !exit) {
		show.line("The boards stay up; Ctrl-C ends them.");
		broken = await Promise.race([ended.then(() => undefined), gone]);
		if (broken) show.line(`\n${broken}`);
	}
	await Promise.all(boards.map((board) => board.end()));
	await server.program.end();
	return missing || broken ? 1 : 0;
}

const crashed = async ({ gone }: Supply, index: number): Promise<string> =>
	`board ${index + 1}: ${await gone}`;

/** Folders with a flash each: the factory image is built once. */
async function flashed(state: string, count: number): Promise<Omit<Member, "id">[]> {
	const members = Array.from({ length: count }, (_, i) => {
		const own = join(state, "boards", String(i + 1));
		mkdirSync(own, { recursive: true });
		return { state: own, card: card(own, `Virtual ESP32 ${i + 1}`) };
	});
	const [first, ...others] = members.filter((member) => !existsSync(join(member.state, "flash.bin")));
	if (!first) return members;
	await flashFactory(first.state);
	for (const other of others) copyFileSync(join(first.state, "flash.bin"), join(other.state, "flash.bin"));
	return members;
}

async function registered(rest: Rest, member: Omit<Member, "id">): Promise<Member> {
	const { id } = (await rest.device(member.card.name, member.card.token)) as { id: { id: string } };
	return { ...member, id: id.id };
}

/** @throws Error that names the step that was not seen. */
async function update(rest: Rest, state: string, members: Member[], patience: number): Promise<void> {
	const since = Date.now();
	const all = async (step: string, seen: (member: Member) => Promise<boolean>): Promise<void> => {
		await Promise.all(
			members.map((one) => eventually(`${step} of ${one.card.name}`, () => seen(one), patience)),
		);
		show.done(step, `all ${members.length} boards`);
	};
	const last = async ({ id }: Member, key: string) => (await rest.series(id, key, since)).at(-1)?.value ?? "";
	await all("telemetry", async (member) => (await last(member, "build")) !== "");
	const versions = await Promise.all(members.map((member) => last(member, "current_fw_version")));
	const newest = versions.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1) ?? "";
	const offer = await offerNext(state, newest);
	const id = await rest.firmware(offer.title, offer.version, offer.image);
	for (const member of members) await rest.assign(member.id, id);
	show.done("firmware offered", `${newest} → ${offer.version}, ${offer.image.length} bytes`);
	await all("firmware downloaded", async (member) =>
		(await rest.series(member.id, "fw_state", since)).some(({ value }) => value === "DOWNLOADED"),
	);
	await all("telemetry of the new build", async (member) => (await last(member, "build")) === offer.build);
	await all("fw_state UPDATED", async (member) => (await last(member, "fw_state")) === "UPDATED");
}
