// Why a connection ended, or never came to be: how far it had come, and the error that says so.
import { reasonOf, refusal, type TBCode, TBError } from "tbclient/errors";

/** How far a connection has come. */
export const Stage = Object.freeze({
	/** The host's name is being resolved. */
	name: 0,
	/** TCP connects, and TLS shakes hands. */
	socket: 1,
	/** CONNECT goes out. */
	connack: 2,
	/** CONNACK 0 came; the first invitation to write is due. */
	accepted: 3,
	/** Takes packets. */
	up: 4,
});

/** What is known of an end. */
interface End {
	stage: number;
	/** CONNACK's code, when it refused. */
	refused: number | undefined;
	/** The socket below told that it is over, and what it gave as the reason; otherwise the MQTT client gave up by itself. */
	ended: { failure: unknown } | undefined;
}

const expected: readonly string[] = ["an address", "a connection", "CONNACK", "an invitation to write"];

/** What was due and did not come in `ms`. */
export function silence(stage: number, where: string, ms: number): TBError {
	return new TBError("TB_TIMEOUT", `connect to ${where}: expected ${expected[stage]}, none came in ${ms} ms`);
}

/** The error for the end of an attempt or a connection to `where`. */
export function errorOf({ stage, refused, ended }: End, where: string): TBError {
	if (refused !== undefined) return refusal(refused);
	const failure = ended?.failure;
	const why = failure === undefined ? "" : `: ${reasonOf(failure)}`;
	if (stage >= Stage.accepted) return ended ? closed(where, why) : silent(where);
	const code: TBCode = failure instanceof Error && failure.name === "TLSError" ? "TB_TLS" : "TB_LOST";
	return new TBError(code, `connect to ${where}: expected ${expected[stage]}, it failed${why}`);
}

function closed(where: string, why: string): TBError {
	return new TBError("TB_LOST", `connection to ${where}: closed by the server or the network${why}`);
}

/** A socket that lives while the MQTT client gives up: PINGREQ stayed unanswered. */
function silent(where: string): TBError {
	return new TBError("TB_TIMEOUT", `connection to ${where}: expected PINGRESP, none came within keep-alive`);
}
