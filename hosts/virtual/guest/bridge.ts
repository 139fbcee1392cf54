// The guest's side of the bridge. Calls are synchronous; events come one at a time, never during a call.
// Every event ends here: an exception that gets this far is reported and restarts the board, as it does on the chip.
import { type Boot, Event, type Failure, Op } from "../protocol.ts";

declare function issueCommand(request: ArrayBuffer): ArrayBuffer;
declare function gc(): void;

/** Gets the events of one handle. */
export type Handler = (kind: number, value: number) => void;

const machine = globalThis as unknown as Record<string, unknown> & { performance: { now(): number } };
const handlers = new Map<number, Handler>();
const nothing = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NativeDate = Date;
let last = 0;

/** UTF-8 of a text. */
export const encode = (text: string): Uint8Array => encoder.encode(text);
export const decode = (bytes: Uint8Array): string => decoder.decode(bytes);

/** Gives a handler a number of its own, by which the board addresses it. */
export function register(handler: Handler): number {
	last += 1;
	handlers.set(last, handler);
	return last;
}

export function forget(handle: number): void {
	handlers.delete(handle);
}

const failures: Record<string, new (message: string) => Error> = { RangeError, SyntaxError, TypeError };

function raise({ name, message, code, codeName }: Failure): never {
	const error = new (failures[name] ?? Error)(message);
	if (code !== undefined) Object.assign(error, { code });
	if (codeName !== undefined) Object.assign(error, { codeName });
	throw error;
}

/** Asks the board; returns the answer's bytes. @throws what the board threw, with `code` and `codeName`. */
export function call(op: number, handle = 0, body: Uint8Array = nothing): Uint8Array<ArrayBuffer> {
	const request = new Uint8Array(5 + body.byteLength);
	request[0] = op;
	new DataView(request.buffer).setUint32(1, handle);
	request.set(body, 5);
	const answer = new Uint8Array(issueCommand(request.buffer));
	if (answer[0]) raise(JSON.parse(decode(answer.subarray(1))) as Failure);
	return answer.subarray(1);
}

/** Values as big-endian doubles. */
export function numbers(...values: number[]): Uint8Array {
	const view = new DataView(new ArrayBuffer(8 * values.length));
	for (const [index, value] of values.entries()) view.setFloat64(8 * index, value);
	return new Uint8Array(view.buffer);
}

/** A call by name: arguments and result are JSON, `data` and the returned bytes travel as they are. */
export function invoke(
	op: number,
	list: unknown[],
	data: Uint8Array = nothing,
): [unknown, Uint8Array<ArrayBuffer>] {
	const text = encode(JSON.stringify(list));
	const body = new Uint8Array(text.length + 1 + data.length);
	body.set(text);
	body.set(data, text.length + 1);
	const answer = call(op, 0, body);
	const end = answer.indexOf(0);
	return [JSON.parse(decode(answer.subarray(0, end))), answer.subarray(end + 1)];
}

/** What the board told at boot. */
export const boot = JSON.parse(decode(call(Op.Boot))) as Boot;

const started = NativeDate.now();
let told = 0; // virtual uptime
let epoch = boot.time; // wall time at boot; 0 = 1970, what a chip believes after power-on

/** Milliseconds since boot. */
export const uptime = (): number => (boot.virtual ? told : NativeDate.now() - started);
/** Milliseconds since 1970 as this machine believes. */
const wall = (): number => epoch + uptime();

/** Whether the real time is known. */
export const clockValid = (): boolean => epoch > 0;

function handle(event: ArrayBuffer): void {
	const view = new DataView(event);
	const kind = view.getUint8(0);
	const value = view.getFloat64(13);
	if (boot.virtual) told = view.getFloat64(5);
	if (kind === Event.CLOCK) epoch = value - uptime();
	if (kind === Event.COLLECT) gc();
	else deliver(() => handlers.get(view.getUint32(1))?.(kind, value));
}

const after: (() => void)[] = [];
let delivering = false;

function deliver(action: () => void): void {
	delivering = true;
	action();
	delivering = false;
	for (const rest of after.splice(0)) rest();
}

/** Runs an action when the handlers of this event are done, or at once when there is no event. */
export function atEnd(action: () => void): void {
	if (delivering) after.push(action);
	else action();
}

/** Never returns: the board is restarting. */
function escaped(error: unknown): void {
	// The stack of XS begins with the error itself.
	const text = (error instanceof Error && error.stack) || String(error);
	call(Op.Escaped, 0, encode(text));
}

machine.handleCommand = (event: ArrayBuffer): void => {
	try {
		handle(event);
	} catch (error) {
		escaped(error);
	}
};

const trace = (...values: unknown[]): void => {
	call(Op.Trace, 0, encode(values.map(String).join("")));
};
machine.trace = trace;
// xsnap has no status for unhandled rejections: at the end of a delivery it calls console.error(tag, reason).
machine.console = { log: trace, error: (_tag: string, reason: unknown) => escaped(reason) };
machine.performance.now = uptime;
machine.Date = new Proxy(NativeDate, {
	construct: (target, list, newTarget) => Reflect.construct(target, list.length ? list : [wall()], newTarget),
	apply: () => new NativeDate(wall()).toString(),
	get: (target, name) => (name === "now" ? wall : Reflect.get(target, name)),
});
