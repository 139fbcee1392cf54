// The commands of the websocket API that this server knows, in both envelopes: `/api/ws` names each command's type,
// `/api/ws/plugins/telemetry` has a list a kind.
import { scopes } from "../devices.ts";

export const kinds = ["TIMESERIES", "ATTRIBUTES", "TIMESERIES_HISTORY"] as const;
export type Kind = (typeof kinds)[number];

/** A command whose members have the right types; what they mean is checked when it is carried out. */
export interface Command {
	kind: Kind;
	cmdId: number;
	entityId: string;
	keys: string;
	scope: string;
	unsubscribe: boolean;
	startTs: number;
	endTs: number;
	timeWindow: number;
	limit: number;
}

/** One message. */
export interface Envelope {
	/** The token of `authCmd`. */
	token?: string;
	commands: Command[];
}

type Members = Record<string, unknown>;

/** Reads a message. Throws `SyntaxError` for what the server could not parse. */
export function readEnvelope(text: string, plugin: boolean): Envelope {
	const root = members(JSON.parse(text), "message");
	const { authCmd } = root;
	const commands = plugin ? lists(root) : typed(root.cmds);
	const token = authCmd == null ? undefined : string(members(authCmd, "authCmd"), "token");
	return token === undefined ? { commands } : { token, commands };
}

const typed = (cmds: unknown): Command[] =>
	list(cmds).map((cmd) => {
		const kind = kinds.find((name) => name === cmd.type);
		if (!kind) throw new SyntaxError(`type: expected one of ${kinds.join(", ")}`);
		return command(kind, cmd);
	});

function lists(root: Members): Command[] {
	const of = (name: string, kind: Kind) => list(root[name]).map((cmd) => command(kind, cmd));
	return [
		...of("tsSubCmds", "TIMESERIES"),
		...of("historyCmds", "TIMESERIES_HISTORY"),
		...of("attrSubCmds", "ATTRIBUTES"),
	];
}

function command(kind: Kind, cmd: Members): Command {
	return {
		kind,
		cmdId: number(cmd, "cmdId"),
		entityId: string(cmd, "entityId"),
		keys: string(cmd, "keys"),
		scope: string(cmd, "scope"),
		unsubscribe: cmd.unsubscribe === true,
		startTs: number(cmd, "startTs"),
		endTs: number(cmd, "endTs"),
		timeWindow: number(cmd, "timeWindow"),
		limit: number(cmd, "limit"),
	};
}

/** The keys a command names, `undefined` for all. */
export const keysOf = ({ keys }: Command): Set<string> | undefined =>
	keys ? new Set(keys.split(",")) : undefined;

/** The attribute scope a command names; `undefined` for all. Throws for one that does not exist. */
export function scopeOf({ scope }: Command): (typeof scopes)[number] | undefined {
	if (!scope || scope === "ANY_SCOPE") return undefined;
	const known = scopes.find((name) => name === scope);
	if (!known) throw new Error(`Invalid attributes scope: ${scope}`);
	return known;
}

function members(value: unknown, what: string): Members {
	if (typeof value === "object" && value && !Array.isArray(value)) return value as Members;
	throw new SyntaxError(`${what}: expected an object`);
}

function list(value: unknown): Members[] {
	if (value == null) return [];
	if (Array.isArray(value)) return value.map((item) => members(item, "command"));
	throw new SyntaxError("commands: expected a list");
}

function number(from: Members, name: string): number {
	const value = from[name] ?? 0;
	if (typeof value === "number") return Math.trunc(value);
	throw new SyntaxError(`${name}: expected a number`);
}

function string(from: Members, name: string): string {
	const value = from[name] ?? "";
	if (typeof value === "string") return value;
	throw new SyntaxError(`${name}: expected text`);
}
