import { once } from "node:events";
import { connect } from "node:tls";
import type { Provision } from "../../thingsboard/profiles.ts";
import { chainKey } from "../../thingsboard/provisioning/chain.ts";
import { startThingsBoard, type ThingsBoard } from "../../thingsboard/server.ts";
import { Authority, type Identity, loopbackHosts } from "../../thingsboard/tls/authority.ts";
import { deepEqual, equal, ok } from "../assert.ts";
import { hello, Peer, ToldClock } from "./server.ts";

describe("thingsboard provisioning by certificate chain", () => {
	let factory: Authority;
	let line: Authority;
	let own: Identity;
	let server: ThingsBoard;
	before(async () => {
		factory = await Authority.make("factory");
		line = await factory.intermediate("line 1");
		own = await factory.issue({ name: "localhost", hosts: loopbackHosts });
	});
	beforeEach(async () => {
		const tls = { ...own, ca: factory.chain };
		server = await startThingsBoard({ mqttPort: 0, httpPort: 0, mqttsPort: 0, clock: new ToldClock(), tls });
	});
	afterEach(() => server.close());

	/** A profile for what the authority signs. */
	const profile = (authority: Authority, over: Partial<Provision> = {}) =>
		server.core.profiles.create({
			name: "sensor",
			provision: {
				strategy: "X509_CERTIFICATE_CHAIN",
				key: chainKey(authority.cert),
				secret: authority.cert,
				certificateRegExPattern: "^sn-(.*)$",
				allowCreateNewDevicesByX509Certificate: true,
				...over,
			},
		});
	const device = () => server.core.devices.byName("0042");

	/** CONNACK code of a device with a new leaf of that common name. */
	async function connecting(name = "sn-0042", chain = line.chain): Promise<unknown> {
		const { cert, key } = await line.issue({ name });
		const at = { port: server.mqttsPort, host: "127.0.0.1", ca: factory.cert };
		const socket = connect({ ...at, cert: cert + chain, key });
		await once(socket, "secureConnect");
		const peer = new Peer(server, socket);
		peer.send(hello({ username: "ignored" }));
		const packet = await peer.next();
		return packet !== "closed" && packet.cmd === "connack" && packet.returnCode;
	}

	it("14.17 makes a device, named by the pattern in the leaf's common name, and connects it at once", async () => {
		const its = profile(line);
		equal(await connecting(), 0);
		equal(device()?.profile, its);
		equal(device()?.credentials.type, "X509_CERTIFICATE");
		equal(device()?.attributes.SERVER_SCOPE.get("provisionState")?.value.text, "provisioned");
	});

	it("14.17 finds the profile of an authority further up", async () => {
		profile(factory);
		equal(await connecting(), 0);
		ok(device());
	});

	it("14.17 gives a device of that name and profile its new certificate", async () => {
		profile(line, { allowCreateNewDevicesByX509Certificate: false });
		const old = server.core.devices.create(
			{ name: "0042", type: "sensor" },
			{ type: "X509_CERTIFICATE", certificate: "MIIB" },
		);
		equal(await connecting(), 0);
		equal(device(), old);
		equal(await connecting(), 0);
		equal(server.core.devices.all().length, 1);
	});

	for (const [what, over, name] of [
		["no device may be made", { allowCreateNewDevicesByX509Certificate: false }, "sn-0042"],
		["the pattern finds nothing", {}, "0042"],
		["the pattern is none", { certificateRegExPattern: "(" }, "sn-0042"],
		["the profile has another strategy", { strategy: "ALLOW_CREATE_NEW_DEVICES" }, "sn-0042"],
	] as const)
		it(`14.17 refuses with 5 where ${what}`, async () => {
			profile(line, over);
			equal(await connecting(name), 5);
			equal(device(), undefined);
		});

	it("14.17 refuses a device whose name belongs to another profile or that has other credentials", async () => {
		profile(line);
		const taken = server.core.devices.create({ name: "0042" }, "token");
		equal(await connecting(), 5);
		server.core.devices.delete(taken);
		server.core.devices.create({ name: "0042", type: "sensor" }, "token");
		equal(await connecting(), 5);
		deepEqual(device()?.credentials, { type: "ACCESS_TOKEN", token: "token" });
	});

	it("14.17 refuses a leaf that comes without its authority", async () => {
		profile(line);
		equal(await connecting("sn-0042", ""), 5);
	});
});
