/** ThingsBoard's error codes (ThingsboardErrorCode) as far as this server answers with them. */
export const codes = {
	general: 2,
	authentication: 10,
	expired: 11,
	permission: 20,
	badRequest: 31,
	notFound: 32,
} as const;

/** An answer that is no success; the body has ThingsBoard's form. */
export class RestError extends Error {
	readonly status: number;
	readonly errorCode: number;

	constructor(status: number, errorCode: number, message: string) {
		super(message);
		this.status = status;
		this.errorCode = errorCode;
	}
}

/** A bare status with a text (or nothing) as its body: how the telemetry and RPC controllers refuse. */
export class PlainError extends Error {
	readonly status: number;

	constructor(status: number, text: string) {
		super(text);
		this.status = status;
	}
}

export const badRequest = (message: string): RestError => new RestError(400, codes.badRequest, message);

export const notFound = (message = "Requested item wasn't found!"): RestError =>
	new RestError(404, codes.notFound, message);

export const denied = (): RestError =>
	new RestError(403, codes.permission, "You don't have permission to perform this operation!");

/** Runs what may refuse with a plain Error, and answers its reason as 400. */
export function refusing<T>(action: () => T): T {
	try {
		return action();
	} catch (error) {
		throw badRequest((error as Error).message);
	}
}

/** The body of an error answer; `timestamp` in epoch milliseconds. */
export function errorBody(status: number, errorCode: number, message: string): object {
	return { status, message, errorCode, timestamp: Date.now() };
}

/** The error code that goes with a status, where nothing more is known (ThingsboardErrorResponseHandler). */
export function codeOf(status: number): number {
	if (status === 404) return codes.notFound;
	return status >= 400 && status < 500 ? codes.badRequest : codes.general;
}

/** Gives `value`, or ends the request with 404. */
export function found<T>(value: T | undefined, message?: string): T {
	if (value === undefined) throw notFound(message);
	return value;
}
