import type { Core } from "../core.ts";
import type { Kind } from "../offers.ts";
import type { OtaPackage } from "../packages.ts";
import { badRequest } from "./errors.ts";
import { idOf } from "./ids.ts";

/**
 * The package that a saved device or profile names by `firmwareId` or `softwareId`; null and absent mean none
 * (AbstractHasOtaPackageValidator). Throws a 400.
 */
export function checkedPackage(
	core: Core,
	kind: Kind,
	body: Record<string, unknown>,
	{ id: profile }: { id: string },
): OtaPackage | undefined {
	const [member, type] = kind === "fw" ? ["firmwareId", "FIRMWARE"] : ["softwareId", "SOFTWARE"];
	const id = idOf(body[member]);
	if (id === undefined) return undefined;
	const what = type.toLowerCase();
	const chosen = core.packages.byId(id);
	if (!chosen) throw badRequest(`Can't assign non-existent ${what}!`);
	if (chosen.type !== type) throw badRequest(`Can't assign ${what} with type: ${chosen.type}`);
	if (!chosen.data && !chosen.url) throw badRequest(`Can't assign ${what} with empty data!`);
	if (chosen.deviceProfileId !== profile)
		throw badRequest(`Can't assign ${what} with different deviceProfile!`);
	return chosen;
}
