/** ThingsBoard's error codes (ThingsboardErrorCode) as far as this server answers with them. */
export const codes = { authentication: 10, badRequest: 31, notFound: 32 } as const;

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

export const badRequest = (message: string): RestError => new RestError(400, codes.badRequest, message);

export const notFound = (): RestError => new RestError(404, codes.notFound, "Requested item wasn't found!");

/** The body of an error answer. */
export function errorBody(status: number, errorCode: number, message: string): object {
	return { status, message, errorCode, timestamp: new Date().toISOString() };
}

/** Gives `value`, or ends the request with 404. */
export function found<T>(value: T | undefined): T {
	if (value === undefined) throw notFound();
	return value;
}
