// Size of each module's code: minified bundle bytes, which is what can be measured without the SDK's compiler.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type ByteCode, bytecode } from "./bytecode.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What the application imports of each module. */
const entries = {
	tbclient: `export { default } from "tbclient";`,
	ota: `export { default as Updater } from "ota"; export { default as Trial } from "ota/trial";`,
};

/** Bytes per module, and how that was measured. */
export interface Size {
	tbclient: number;
	ota: number;
	/** The core's release byte code by the SDK's compiler; null without an SDK. */
	byteCode: ByteCode | null;
}

/** Bundles one module alone: what the host supplies (`timer`, `crypt`, ...) stays outside. */
async function bytes(contents: string): Promise<number> {
	const { outputFiles } = await build({
		stdin: { contents, resolveDir: root, loader: "ts" },
		tsconfig: fileURLToPath(new URL("../tsconfig.json", import.meta.url)),
		bundle: true,
		minify: true,
		write: false,
		format: "esm",
		target: "es2022",
		external: ["timer", "time", "crypt", "mc/config", "host/*"],
		logLevel: "silent",
	});
	return outputFiles[0]?.contents.byteLength ?? 0;
}

/** Measures both modules. Deterministic for one version of esbuild. */
export async function size(): Promise<Size> {
	const byteCode = (await bytecode()) ?? null;
	return { tbclient: await bytes(entries.tbclient), ota: await bytes(entries.ota), byteCode };
}
