// The command line of every tool: one table of options gives the parser, its types and the --help text.
import { parseArgs } from "node:util";

/** One option: `--name`, or `--name VALUE` when `value` names what it takes. */
export interface Option {
	/** What the option is for, one line. */
	help: string;
	/** Placeholder of its value, e.g. `DIR`. Without it the option is a switch. */
	value?: string;
	/** Value when the option is not given; only together with `value`. */
	default?: string;
	/** May be given several times; only together with `value`. */
	many?: true;
}

export type Options = Record<string, Option>;

/** A switch is a boolean; a value is a string, and `undefined` only when it has no default; with `many` it is a list. */
export type Values<T extends Options> = {
	[K in keyof T]: T[K] extends { many: true }
		? string[]
		: T[K] extends { value: string }
			? T[K] extends { default: string }
				? string
				: string | undefined
			: boolean;
};

/** What a tool says about itself. */
export interface Usage<T extends Options> {
	/** How it is called, e.g. `npm test --`. */
	command: string;
	/** What it does, one or more lines. */
	about: string;
	options: T;
}

const help: Option = { help: "this text" };

/** The text of `--help`: call, purpose, one aligned line per option. */
export function helpText<T extends Options>({ command, about, options }: Usage<T>): string {
	const rows = Object.entries<Option>({ ...options, help }).map(([name, { value, help: text, ...rest }]) => {
		const fallback = !rest.default ? "" : ` (default ${rest.default})`;
		return [`--${name}${value ? ` ${value}` : ""}`, text + fallback] as const;
	});
	const width = Math.max(...rows.map(([flag]) => flag.length)) + 2;
	const lines = rows.map(([flag, text]) => `  ${flag.padEnd(width)}${text}`);
	return `${command} [options]\n\n${about}\n\n${lines.join("\n")}`;
}

/** An option as `parseArgs` takes it. */
type Parsed = { type: "string" | "boolean"; multiple?: boolean; default?: string | boolean | string[] };

/**
 * Reads `argv` (without node and file name). Returns `undefined` when `--help` was asked for.
 * Throws `TypeError` for an unknown option, a missing value or a stray word.
 */
export function parse<const T extends Options>(usage: Usage<T>, argv: string[]): Values<T> | undefined {
	const table: Record<string, Parsed> = {};
	for (const [name, option] of Object.entries<Option>({ ...usage.options, help })) {
		if (!option.value) table[name] = { type: "boolean", default: false };
		else if (option.many) table[name] = { type: "string", multiple: true, default: [] };
		else
			table[name] = { type: "string", ...(option.default === undefined ? {} : { default: option.default }) };
	}
	const { values } = parseArgs({ args: argv, options: table, strict: true, allowPositionals: false });
	return values.help ? undefined : (values as Values<T>);
}

/** `parse` for a program: prints the help and ends with 0, or says what is wrong and ends with 2. */
export function args<const T extends Options>(usage: Usage<T>, argv = process.argv.slice(2)): Values<T> {
	try {
		const values = parse(usage, argv);
		if (values) return values;
		console.log(helpText(usage));
		process.exit(0);
	} catch (error) {
		console.error(`${(error as Error).message}\n\n${helpText(usage)}`);
		process.exit(2);
	}
}
