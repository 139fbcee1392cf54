import type { Core } from "../core.ts";

/** Makes devices that are missing; one that is known already gets the token. Throws when another device has it. */
export function makeDevices(core: Core, wanted: { name: string; token: string }[]): void {
	for (const { name, token } of wanted) {
		const known = core.devices.byName(name);
		try {
			if (!known) core.devices.create({ name }, token);
			else if (core.devices.byCredentialsId(token) !== known)
				core.devices.setCredentials(known, { type: "ACCESS_TOKEN", token });
		} catch (error) {
			throw new Error(`--device ${name}: ${(error as Error).message}`);
		}
	}
}
