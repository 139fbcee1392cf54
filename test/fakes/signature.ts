// `host/signature` for specs on Node: the same as the virtual board's, without a board around it.
import type { VerifySignature } from "host/contract";
import { isSigned } from "../../hosts/virtual/verify.ts";

const verify: VerifySignature = (publicKey, message, signature) =>
	isSigned(Buffer.from(publicKey), Buffer.from(signature), Buffer.from(message));
export default verify;
