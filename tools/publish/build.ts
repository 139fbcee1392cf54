// The image to publish: a file, or one that is built from this folder for the virtual board.
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { buildFirmware, buildMod, type FirmwareOptions } from "../../hosts/virtual/factory.ts";
import { blaming } from "./errors.ts";
import { readInput } from "./files.ts";
import type { Plan } from "./plan.ts";

/** @throws CheckError when there is no such file, or it cannot be built */
export async function imageOf(plan: Plan): Promise<Buffer> {
	const { image, type, title, version, app } = plan;
	if (image !== undefined) return readInput("--image", image);
	return blaming("build: ", () =>
		type === "SOFTWARE"
			? buildMod({ title, version, ...(app && { entry: resolve(app) }) })
			: buildReproducibly({ title, version, ...(app && { app }) }),
	);
}

/** The build's number is made of what is built, so that the same sources are the same package at every run. */
async function buildReproducibly(options: Omit<FirmwareOptions, "build">): Promise<Buffer> {
	const draft = await buildFirmware({ ...options, build: "" });
	const build = createHash("sha256").update(draft).digest("hex").slice(0, 12);
	return buildFirmware({ ...options, build });
}
