// Device credentials as the server stores and compares them (DeviceCredentialsServiceImpl, DefaultTransportApiService).
import { createHash } from "node:crypto";

/** What a device proves itself with. A certificate is PEM or the base64 of its DER. */
export type Credentials =
	| { type: "ACCESS_TOKEN"; token: string }
	| { type: "MQTT_BASIC"; clientId?: string; userName?: string; password?: string }
	| { type: "X509_CERTIFICATE"; certificate: string };

/** What a CONNECT brings along. `certificate` is the DER of the TLS client's leaf. */
export interface Claim {
	clientId: string;
	userName?: string | undefined;
	password?: string | undefined;
	certificate?: Uint8Array | undefined;
}

/** Access to what is stored, by `credentialsId`. */
type Find<Holder> = (id: string) => Holder | undefined;

/** The text that credentials are filed under; unique in the whole server. Throws for MQTT_BASIC that the server would refuse to store. */
export function credentialsId(credentials: Credentials): string {
	if (credentials.type === "ACCESS_TOKEN") return credentials.token;
	if (credentials.type === "X509_CERTIFICATE") return sha3(certificateBody(credentials.certificate));
	const { clientId, userName, password } = credentials;
	if (!clientId && !userName) throw new Error("Both mqtt client id and user name are empty!");
	if (password && !userName) throw new Error("Password cannot be specified without user name!");
	if (!clientId) return userName ?? "";
	return userName ? sha3(`${clientId}|${userName}`) : sha3(clientId);
}

/** The base64 of a certificate without header, footer and line ends. */
export function certificateBody(text: string): string {
	return text.replace(/-----(?:BEGIN|END) CERTIFICATE-----|\s/g, "");
}

/** SHA3-256 in hex, ThingsBoard's hash of credentials. */
const sha3 = (text: string): string => createHash("sha3-256").update(text).digest("hex");

/** Who the CONNECT is from, or nobody. A certificate is all that counts when there is one; it does not fall back to the token. */
export function identify<Holder extends { credentials: Credentials }>(
	{ clientId, userName, password, certificate }: Claim,
	find: Find<Holder>,
): Holder | undefined {
	if (certificate) return ofType(find(certificateId(certificate)), "X509_CERTIFICATE");
	const own = clientId && find(userName ? sha3(`${clientId}|${userName}`) : sha3(clientId));
	if (own && own.credentials.type === "MQTT_BASIC") return withPassword(own, password);
	const named = userName ? find(userName) : undefined;
	return ofType(named, "ACCESS_TOKEN") ?? withPassword(ofType(named, "MQTT_BASIC"), password);
}

const certificateId = (der: Uint8Array): string => sha3(Buffer.from(der).toString("base64"));

function ofType<Holder extends { credentials: Credentials }>(
	holder: Holder | undefined,
	type: Credentials["type"],
): Holder | undefined {
	return holder?.credentials.type === type ? holder : undefined;
}

/** A stored password must match; where none is stored, any does. */
function withPassword<Holder extends { credentials: Credentials }>(
	holder: Holder | undefined,
	password: string | undefined,
): Holder | undefined {
	const stored = holder?.credentials.type === "MQTT_BASIC" ? holder.credentials.password : undefined;
	return !stored || stored === password ? holder : undefined;
}
