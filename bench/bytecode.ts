// Size of the core's byte code as the SDK's own compiler makes it for a release: what is preloaded on a chip and lies in its flash.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { transform } from "esbuild";
import { findSDK, root, run, type SDK } from "../tools/sdk/sdk.ts";

/** Bytes of release byte code. */
export interface ByteCode {
	tbclient: number;
	ota: number;
}

/** What an application without gateway, provisioning, protobuf and the like does not load. */
const optional = /^(claim|gateway|health|journal|keyring|protobuf|provisioning|software)/;

/** Modules of the core, by the manifest's list of what is preloaded. */
export function core(module: "tbclient" | "ota"): string[] {
	const { modules } = JSON.parse(readFileSync(join(root, "modules", module, "manifest.json"), "utf8")) as {
		modules: Record<string, string | string[]>;
	};
	return Object.values(modules)
		.flat()
		.map((file) => basename(file))
		.filter((name) => !optional.test(name));
}

/** Bytes of release byte code of each module; undefined without an SDK. @throws Error with the compiler's words. */
export async function bytecode(): Promise<ByteCode | undefined> {
	if (!process.env.MODDABLE) return undefined;
	const sdk = findSDK();
	return { tbclient: await sizeOf(sdk, "tbclient"), ota: await sizeOf(sdk, "ota") };
}

async function sizeOf(sdk: SDK, module: "tbclient" | "ota"): Promise<number> {
	const folder = mkdtempSync(join(tmpdir(), "bytecode-"));
	try {
		for (const name of core(module)) await compile(sdk, join(root, "modules", module, `${name}.ts`), folder);
		return readdirSync(folder)
			.filter((file) => file.endsWith(".xsb"))
			.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** As the SDK's makefiles do it, without debug information. */
async function compile(sdk: SDK, file: string, folder: string): Promise<void> {
	const name = basename(file, ".ts");
	const { code } = await transform(readFileSync(file, "utf8"), { loader: "ts", target: "es2022" });
	const script = join(folder, `${name}.js`);
	writeFileSync(script, code);
	await run(sdk, folder, "xsc", [script, "-c", "-e", "-o", folder, "-r", name]);
}
