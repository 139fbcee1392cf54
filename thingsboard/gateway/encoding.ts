import type { Session } from "../mqtt/session.ts";
import { transportOf } from "../profiles.ts";

/** Whether a gateway speaks protobuf: its own profile decides for all its devices, without any mixture of encodings. */
export const protobuf = ({ device }: Session): boolean =>
	transportOf(device.profile).payloadType === "PROTOBUF";
