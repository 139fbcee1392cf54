// Packets as a person reads them. Only heads are kept, so a packet may end early: what is there is shown.
import { Fields } from "./fields.ts";
import type { WireEntry } from "./wire-log.ts";

/** A packet or connection event as the page gets it. */
export interface Shown {
	seq: number;
	at: number;
	connection: number;
	deviceId: string | null;
	device: string | null;
	direction: WireEntry["direction"];
	/** Packet type in MQTT's words, e.g. `PUBLISH`. */
	packet: string;
	/** Bytes of the whole packet. */
	size: number;
	/** Packet id. */
	id?: number;
	qos?: number;
	topic?: string;
	/** Payload as text; without it the payload is no UTF-8 and `hex` has its first bytes. */
	text?: string;
	hex?: string;
	/** Bytes of the payload. */
	payload?: number;
	/** Everything else, in words. */
	detail?: string;
}

const names = [
	"0",
	"CONNECT",
	"CONNACK",
	"PUBLISH",
	"PUBACK",
	"PUBREC",
	"PUBREL",
	"PUBCOMP",
	"SUBSCRIBE",
	"SUBACK",
	"UNSUBSCRIBE",
	"UNSUBACK",
	"PINGREQ",
	"PINGRESP",
	"DISCONNECT",
	"AUTH",
];
const hexBytes = 48;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** What an entry says. Never throws, whatever the bytes. */
export function decode(entry: WireEntry): Shown {
	const { seq, at, connection, device, direction, size, reason } = entry;
	const packet = direction === "in" || direction === "out" ? (names[(entry.head[0] ?? 0) >> 4] ?? "?") : "";
	const base = { seq, at, connection, deviceId: device?.id ?? null, device: device?.info.name ?? null };
	const shown: Shown = { ...base, direction, packet, size };
	if (!packet) return { ...shown, ...(reason === undefined ? {} : { detail: reason }) };
	return { ...shown, ...body(packet, entry) };
}

function body(packet: string, { head, level, size }: WireEntry): Partial<Shown> {
	const fields = new Fields(head);
	const first = fields.u8();
	fields.varint();
	if (packet === "PUBLISH") return publish(fields, first, level, size);
	if (packet === "CONNECT") return { detail: connect(fields) };
	if (packet === "CONNACK") return { detail: connack(fields) };
	if (packet === "DISCONNECT") return fields.left > 0 ? { detail: code(fields.u8()) } : {};
	if (packet.startsWith("PING") || packet === "AUTH") return {};
	const id = fields.u16();
	if (packet.startsWith("PUB")) return { id, ...(fields.left > 0 ? { detail: code(fields.u8()) } : {}) };
	fields.properties(level);
	return { id, detail: list(packet, fields) };
}

function publish(fields: Fields, first: number, level: number, size: number): Partial<Shown> {
	const qos = (first >> 1) & 3;
	const topic = fields.text();
	const id = qos ? { id: fields.u16() } : {};
	fields.properties(level);
	const flags = [first & 8 && "DUP", first & 1 && "retain"].filter(Boolean).join(", ");
	const payload = Math.max(size - fields.at, 0);
	const kept = fields.take(fields.left);
	return {
		topic,
		qos,
		...id,
		payload,
		...hidden(topic, content(kept, payload)),
		...(flags ? { detail: flags } : {}),
	};
}

/** Keys whose values let somebody in. */
const secrets =
	/("(?:provisionDeviceSecret|token|password|credentialsValue|secretKey)"\s*:\s*)"(?:[^"\\]|\\.)*"?/g;

/** Provisioning and claiming without their secrets. */
function hidden(topic: string, shown: Pick<Shown, "text" | "hex">): Pick<Shown, "text" | "hex"> {
	if (!topic.startsWith("/provision/") && !topic.endsWith("/claim")) return shown;
	return shown.text === undefined ? {} : { text: shown.text.replace(secrets, '$1"***"') };
}

/** Text where the bytes are UTF-8 without control characters, else the first bytes in hexadecimal. */
function content(bytes: Buffer, whole: number): Pick<Shown, "text" | "hex"> {
	try {
		const text = utf8.decode(bytes.length < whole ? wholeCharacters(bytes) : bytes);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells bytes from text
		if (!/[\0-\x08\x0e-\x1f]/.test(text)) return { text };
	} catch {} // no UTF-8
	return { hex: bytes.toString("hex", 0, hexBytes) };
}

/** Without what may be the begin of a character whose rest was cut off. */
function wholeCharacters(bytes: Buffer): Buffer {
	const tail = [1, 2, 3].find((back) => (bytes.at(-back) ?? 0) >= 0xc0);
	return tail ? bytes.subarray(0, -tail) : bytes;
}

/** Secrets stay out: of the user name its begin, of the password that there is one. */
function connect(fields: Fields): string {
	const protocol = fields.text();
	const level = fields.u8();
	const flags = fields.u8();
	const keepAlive = fields.u16();
	fields.properties(level);
	const parts = [`${protocol} ${version(level)}`, `client "${fields.text()}"`];
	if (flags & 4) {
		fields.properties(level);
		parts.push(`will ${fields.text()}`);
		fields.take(fields.u16());
	}
	if (flags & 0x80) parts.push(`user ${masked(fields.text())}`);
	if (flags & 0x40) parts.push("password ***");
	parts.push(`keep-alive ${keepAlive} s`, flags & 2 ? "clean" : "not clean");
	return parts.join(", ");
}

const version = (level: number): string => ({ 3: "3.1", 4: "3.1.1", 5: "5" })[level] ?? `level ${level}`;

/** Enough to tell tokens apart, too little to use one. */
const masked = (text: string): string => `${text.slice(0, Math.min(4, text.length >> 2))}***`;

function connack(fields: Fields): string {
	const present = fields.u8() & 1;
	return `${code(fields.u8())}${present ? ", session present" : ""}`;
}

const code = (value: number): string => (value ? `code ${value} (0x${value.toString(16)})` : "code 0");

/** Filters with what was asked for, or the codes that were granted. */
function list(packet: string, fields: Fields): string {
	const parts: string[] = [];
	while (fields.left > 0)
		if (packet === "SUBSCRIBE") parts.push(`${fields.text()} at QoS ${fields.u8() & 3}`);
		else if (packet === "UNSUBSCRIBE") parts.push(fields.text());
		else parts.push(granted(fields.u8()));
	return parts.join(", ");
}

const granted = (value: number): string => (value < 3 ? String(value) : `0x${value.toString(16)}`);
