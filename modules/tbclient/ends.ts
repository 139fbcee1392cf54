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
export interface End {
	stage: number;
	/** "host:port". */
	where: string;
	/** CONNACK's code, when it refused. */
	refused: number | undefined;
	/** The socket below told that it is over; otherwise the MQTT client gave up by itself. */
	closed: boolean;
	/** What the socket below gave as the reason, if anything. */
	failure: unknown;
}

const expected: readonly string[] = ["an address", "a connection", "CONNACK", "an invitation to write"];

/** What was due and did not come in `ms`. */
export function silence(stage: number, where: string, ms: number): TBError {
	return new TBError("TB_TIMEOUT", `connect to ${where}: expected ${expected[stage]}, none came in ${ms} ms`);
}

/** The error for the end of an attempt or a connection. */
export function errorOf(end: End): TBError {
	const { stage, where, refused, failure } = end;
	if (refused !== undefined) return refusal(refused);
	const why = failure === undefined ? "" : `: ${reasonOf(failure)}`;
	if (stage >= Stage.accepted) return lost(end, why);
	const code: TBCode = failure instanceof Error && failure.name === "TLSError" ? "TB_TLS" : "TB_LOST";
	return new TBError(code, `connect to ${where}: expected ${expected[stage]}, it failed${why}`);
}

/** A socket that lives while the MQTT client gives up: PINGREQ stayed unanswered. */
function lost({ where, closed }: End, why: string): TBError {
	return closed
		? new TBError("TB_LOST", `connection to ${where}: closed by the server or the network${why}`)
		: new TBError("TB_TIMEOUT", `connection to ${where}: expected PINGRESP, none came within keep-alive`);
}
