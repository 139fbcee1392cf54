// `npm start -- --example NAME`: one of examples/ on a virtual board, with a device on a stand-in that is set up as the example needs it.
import { createSocket } from "node:dgram";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StoreValue } from "../../hosts/contract.ts";
import { flashFactory } from "../../hosts/virtual/factory.ts";
import { Authority, loopbackHosts } from "../../thingsboard/tls/authority.ts";
import { idOf, RestClient } from "../peer/rest.ts";
import { power } from "./board.ts";
import { type Event, startServer } from "./process.ts";
import * as show from "./show.ts";

const folder = fileURLToPath(new URL("../../examples", import.meta.url));

/** The server and a device on it, which has an access token. */
export interface Ground {
	rest: RestClient;
	device: { id: string; name: string };
	/** A name that nobody else has. */
	unique(what: string): string;
	/** Called with what undoes a step. */
	later(undo: () => Promise<unknown>): void;
	/** Of a stand-in that `standInFor` started. */
	tls?: { port: number; authority: Authority } | undefined;
}

/** A port that nobody listens on now. */
function freeUDPPort(): Promise<number> {
	return new Promise((done, failed) => {
		const socket = createSocket("udp4").once("error", failed);
		socket.bind(0, "127.0.0.1", () => {
			const { port } = socket.address();
			socket.close(() => done(port));
		});
	});
}

/** DER of a PEM text, as the device wants it. */
export function der(pem: string): ArrayBuffer {
	const bytes = Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64");
	return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

/** Where TLS is, and whom to trust. */
function trust({ tls }: Ground): Settings {
	if (!tls) throw new Error("example: expected a stand-in with TLS, got another server");
	return { tlsPort: tls.port, ca: der(tls.authority.cert) };
}

/** Options of a stand-in that all examples can run against, and the authority that signed its certificate. */
export async function standInFor(folder: string): Promise<{ args: string[]; authority: Authority }> {
	const authority = await Authority.make();
	const { cert, key } = await authority.issue({ name: "stand-in", hosts: loopbackHosts });
	const files = { cert: join(folder, "server.pem"), key: join(folder, "server.key") };
	writeFileSync(files.cert, cert + authority.chain);
	writeFileSync(files.key, key, { mode: 0o600 });
	const args = ["--answer-rpc", "--tls", "--tls-port", "0", "--cert", files.cert, "--key", files.key];
	return { args, authority };
}

/** Settings of an example beside host, port and token, for NVS namespace `tb`. */
export type Settings = Record<string, StoreValue>;

const message = (name: string, fields: string): string =>
	`syntax = "proto3";\npackage device;\nmessage ${name} {\n${fields}}\n`;
const optional = (...fields: string[]): string =>
	fields.map((field, index) => `  optional ${field} = ${index + 1};\n`).join("");

/** The schemas that ThingsBoard's own page proposes for a new profile. */
const stockSchemas = {
	deviceTelemetryProtoSchema: message(
		"SensorDataReading",
		`${optional("double temperature", "double humidity")}  InnerObject innerObject = 3;
  message InnerObject {
${optional("string key1", "bool key2", "double key3", "int32 key4", "string key5")}  }
`,
	),
	deviceAttributesProtoSchema: message(
		"SensorConfiguration",
		optional("string firmwareVersion", "string serialNumber"),
	),
	deviceRpcRequestProtoSchema: message(
		"RpcRequestMsg",
		optional("string method", "int32 requestId", "string params"),
	),
	deviceRpcResponseProtoSchema: message("RpcResponseMsg", optional("string payload")),
};

/** What some examples find on the server. */
const grounds: Record<string, (ground: Ground) => Promise<Settings>> = {
	async "basic-credentials"({ rest, device, unique }) {
		const basic = { clientId: unique("client"), userName: unique("user"), password: "secret" };
		const before = await rest.ask("GET", `/api/device/${device.id}/credentials`);
		const credentials = { credentialsType: "MQTT_BASIC", credentialsValue: JSON.stringify(basic) };
		await rest.ask("POST", "/api/device/credentials", { ...before, credentialsId: null, ...credentials });
		return basic;
	},
	async "gateway-udp"({ rest, device }) {
		const body = await rest.ask("GET", `/api/device/${device.id}`);
		await rest.ask("POST", "/api/device", { ...body, additionalInfo: { gateway: true } });
		return { udpPort: await freeUDPPort() };
	},
	tls: async (ground) => trust(ground),
	async x509(ground) {
		const { rest, device, tls, unique } = ground;
		const settings = trust(ground);
		const { cert, key } = (await tls?.authority.issue({ name: unique("x509") })) ?? { cert: "", key: "" };
		const before = await rest.ask("GET", `/api/device/${device.id}/credentials`);
		const credentials = { credentialsType: "X509_CERTIFICATE", credentialsValue: cert };
		await rest.ask("POST", "/api/device/credentials", { ...before, credentialsId: null, ...credentials });
		return { ...settings, cert: der(cert), key: der(key) };
	},
	async topics(ground) {
		await useProfile(ground, {
			...{ deviceTelemetryTopic: "plant/+/telemetry", deviceAttributesTopic: "plant/+/attributes" },
		});
		return {};
	},
	async protobuf(ground) {
		await useProfile(ground, {
			transportPayloadTypeConfiguration: { transportPayloadType: "PROTOBUF", ...stockSchemas },
		});
		return {};
	},
	async provisioning({ rest, unique, later }) {
		const [key, secret] = [unique("key"), unique("secret")];
		const provision = { type: "ALLOW_CREATE_NEW_DEVICES", provisionDeviceSecret: secret };
		const made = await rest.ask("POST", "/api/deviceProfile", {
			...profile(unique("provisioning"), {}, provision),
			...{ provisionType: provision.type, provisionDeviceKey: key },
		});
		later(() => rest.send("DELETE", `/api/deviceProfile/${idOf(made)}`));
		return { key, secret, name: unique("provisioned") };
	},
};

/** The body of a new device profile with these MQTT settings. */
function profile(name: string, transport: object, provision: object = { type: "DISABLED" }): object {
	return {
		...{ name, type: "DEFAULT", transportType: "MQTT", provisionType: "DISABLED" },
		profileData: {
			configuration: { type: "DEFAULT" },
			transportConfiguration: { type: "MQTT", ...transport },
			provisionConfiguration: { provisionDeviceSecret: null, ...provision },
			alarms: null,
		},
	};
}

/** Makes the device one of a new profile. */
async function useProfile({ rest, device, unique, later }: Ground, transport: object): Promise<void> {
	const made = await rest.ask("POST", "/api/deviceProfile", profile(unique("profile"), transport) as never);
	later(async () => {
		await rest.send("DELETE", `/api/device/${device.id}`); // a profile that is used cannot be deleted
		await rest.send("DELETE", `/api/deviceProfile/${idOf(made)}`);
	});
	const { type: _, ...body } = await rest.ask("GET", `/api/device/${device.id}`);
	const deviceProfileId = { entityType: "DEVICE_PROFILE", id: idOf(made) };
	await rest.ask("POST", "/api/device", { ...body, deviceProfileId });
}

/** Sets the server up for an example; gives the settings that it needs beside host, port and token. */
export const prepare = (name: string, ground: Ground): Promise<Settings> =>
	grounds[name]?.(ground) ?? Promise.resolve({});

/** The examples there are. */
export const examples = (): string[] =>
	readdirSync(folder)
		.filter((file) => file.endsWith(".ts") && !["image.ts", "mods.ts", "settings.ts"].includes(file))
		.map((file) => file.slice(0, -3))
		.sort();

function onBoard({ event, text = "", reason }: Event): void {
	if (event === "trace") show.trace(String(text));
	else if (event === "reset") show.trace(`reset ${reason} ${text}`);
}

/** Runs one until SIGINT or SIGTERM. Resolves with the exit status. @throws Error for a name that is none. */
export async function runExample(name: string): Promise<number> {
	const entry = join(folder, `${name}.ts`);
	if (!examples().includes(name) || !existsSync(entry))
		throw new Error(`--example: expected one of ${examples().join(", ")}, got ${name}`);
	const state = mkdtempSync(join(tmpdir(), "example-"));
	const { args, authority } = await standInFor(state);
	const server = await startServer(["--port", "0", "--http-port", "0", ...args]);
	try {
		const settings = await stage(name, server.url, { port: server.mqttsPort ?? 0, authority });
		const tb = { host: "127.0.0.1", port: server.mqttPort, ...settings };
		await flashFactory(state, { entry, version: "1.0.0", build: "example", title: name, store: { tb } });
		show.line(
			`Stand-in ThingsBoard ${server.url} (tenant@thingsboard.org / tenant), device "${name}". Ctrl-C ends it.\n`,
		);
		const board = power(state, { returns: true, onEvent: onBoard });
		const ended = new Promise<undefined>((done) => {
			for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => done(undefined));
		});
		const broken = await Promise.race([ended, board.gone]);
		if (broken) show.line(`\n${broken}`);
		await board.end();
		return broken ? 1 : 0;
	} finally {
		await server.program.end();
		rmSync(state, { recursive: true, force: true });
	}
}

/** A device for the example, and whatever else it needs. */
async function stage(name: string, url: string, tls: Ground["tls"]): Promise<Settings> {
	const rest = new RestClient(url);
	await rest.login("tenant@thingsboard.org", "tenant");
	const token = `example-${name}`;
	const id = idOf(await rest.ask("POST", `/api/device?accessToken=${token}`, { name }));
	const unique = (what: string): string => `example-${what}`;
	const ground = { rest, device: { id, name }, unique, later: () => undefined, tls };
	return { token, ...(await prepare(name, ground)) };
}
