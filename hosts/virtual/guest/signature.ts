/** `host/signature` of the virtual board: computed by Node. */
import type { VerifySignature } from "host/contract";
import { Op } from "../protocol.ts";
import { call } from "./bridge.ts";

const Key = 65;
const Signature = 64;

const verify: VerifySignature = (publicKey, message, signature) => {
	const body = new Uint8Array(Key + Signature + message.byteLength);
	body.set(new Uint8Array(publicKey));
	body.set(new Uint8Array(signature), Key);
	body.set(new Uint8Array(message), Key + Signature);
	return call(Op.Verify, 0, body)[0] === 1;
};
export default verify;
