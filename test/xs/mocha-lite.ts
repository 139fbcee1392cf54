/**
 * The part of mocha that specs of modules use, inside XS. A spec runs when the board says so, one per delivery: the metering
 * limit then holds for each spec, and a spec that ends the machine is known by name. Results are traced as JSON.
 */
import { register } from "../../hosts/virtual/guest/bridge.ts";

type Body = (this: Context, done?: (error?: unknown) => void) => unknown;
type Hook = "before" | "after" | "beforeEach" | "afterEach";

/** What mocha gives specs as `this`, as far as it means something here. */
interface Context {
	timeout(ms: number): Context;
	skip(): never;
}

interface Suite {
	name: string;
	parent: Suite | undefined;
	skipped: boolean;
	hooks: Record<Hook, Body[]>;
	begun: boolean;
	left: number; // specs that have not run, inner suites included
}

interface Spec {
	name: string;
	suite: Suite;
	body: Body | undefined;
}

class Skipped extends Error {}

const specs: Spec[] = [];
let suite = makeSuite("", undefined, false);

function makeSuite(name: string, parent: Suite | undefined, skipped: boolean): Suite {
	const hooks = { before: [], after: [], beforeEach: [], afterEach: [] };
	return { name, parent, skipped: skipped || (parent?.skipped ?? false), hooks, begun: false, left: 0 };
}

function describeWith(name: string, body: () => void, skipped: boolean): void {
	const outer = suite;
	suite = makeSuite(outer.name ? `${outer.name} ${name}` : name, outer, skipped);
	body();
	suite = outer;
}

function itWith(name: string, body: Body | undefined, skipped: boolean): void {
	specs.push({ name: `${suite.name} ${name}`, suite, body: skipped || suite.skipped ? undefined : body });
	for (const one of chain(suite)) one.left += 1;
}

/** From the outermost suite to this one. */
function chain(inner: Suite): Suite[] {
	return inner.parent ? [...chain(inner.parent), inner] : [inner];
}

const context: Context = {
	timeout: () => context,
	skip: () => {
		throw new Skipped();
	},
};

function call(body: Body): unknown {
	if (body.length === 0) return body.call(context);
	return new Promise<void>((resolve, reject) =>
		body.call(context, (error) => (error ? reject(error) : resolve())),
	);
}

async function runAll(bodies: Body[]): Promise<void> {
	for (const body of bodies) await call(body);
}

async function run({ suite: inner, body }: Spec): Promise<void> {
	if (!body) throw new Skipped();
	const suites = chain(inner);
	for (const one of suites.filter(({ begun }) => !begun)) {
		one.begun = true;
		await runAll(one.hooks.before);
	}
	try {
		for (const one of suites) await runAll(one.hooks.beforeEach);
		await call(body);
	} finally {
		for (const one of suites.slice().reverse()) await runAll(one.hooks.afterEach);
	}
}

/** Hooks `after` of suites whose last spec this was. */
async function leave(inner: Suite): Promise<void> {
	for (const one of chain(inner).reverse()) {
		one.left -= 1;
		if (!one.left && one.begun) await runAll(one.hooks.after);
	}
}

const report = (result: object): void => trace(`\u0001${JSON.stringify(result)}\n`);

const handle = register((_, index) => {
	const spec = specs[index];
	if (!spec) return;
	run(spec)
		.finally(() => leave(spec.suite))
		.then(
			() => report({ index, outcome: "passed" }),
			(error: unknown) => {
				const text = error instanceof Error ? (error.stack ?? String(error)) : String(error);
				report(error instanceof Skipped ? { index, outcome: "skipped" } : { index, outcome: "failed", text });
			},
		);
});

const describe = Object.assign((name: string, body: () => void) => describeWith(name, body, false), {
	skip: (name: string, body: () => void) => describeWith(name, body, true),
});
const it = Object.assign((name: string, body?: Body) => itWith(name, body, false), {
	skip: (name: string, body?: Body) => itWith(name, body, true),
});
const hook = (name: Hook) => (body: Body) => suite.hooks[name].push(body);

Object.assign(globalThis, {
	describe,
	it,
	before: hook("before"),
	after: hook("after"),
	beforeEach: hook("beforeEach"),
	afterEach: hook("afterEach"),
});

/** Tells the board which specs there are and where to send the number of the one to run. */
export function publish(): void {
	report({ handle, names: specs.map(({ name }) => name) });
}
