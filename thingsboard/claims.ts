// Claiming: a device says how long and with which secret it may be claimed, a customer then claims it (ClaimDevicesServiceImpl).
import type { Clock } from "./clock.ts";
import type { Device } from "./devices.ts";

/** ClaimResponse: how a customer's attempt ended. */
export type ClaimResponse = "SUCCESS" | "FAILURE" | "CLAIMED";

export interface ClaimSettings {
	/** `security.claim.allowClaimingByDefault`: without it only devices with the server attribute `claimingAllowed` = true. */
	allowClaimingByDefault: boolean;
	/** `security.claim.duration`, milliseconds: for devices that name none. */
	claimDuration: number;
}

/** The cache of claiming information forgets after so long, milliseconds, whatever the device said. */
const cacheTime = 86_400_000;

interface ClaimInfo {
	secretKey: string;
	/** Epoch milliseconds. */
	expires: number;
	forgotten: number;
}

/** Which devices may be claimed, and how. */
export class Claims {
	#clock: Clock;
	#settings: ClaimSettings;
	#infos = new Map<Device, ClaimInfo>();

	constructor(clock: Clock, settings: ClaimSettings) {
		this.#clock = clock;
		this.#settings = settings;
	}

	/**
	 * Notes what a device says. Nothing is ever answered: a device that has a customer or is not allowed, and one that has
	 * said so before and was not claimed yet, is ignored. `durationMs` of 0 and less means the default.
	 */
	register(device: Device, secretKey: string, durationMs: number): void {
		if (device.customerId || !this.#allowed(device) || this.#info(device)) return;
		const now = this.#clock.now();
		const duration = durationMs > 0 ? durationMs : this.#settings.claimDuration;
		this.#infos.set(device, { secretKey, expires: now + duration, forgotten: now + cacheTime });
	}

	/** A customer's attempt. One with a wrong secret, or too late, uses the information up. */
	claim(device: Device, customerId: string, secretKey: string): ClaimResponse {
		const info = this.#info(device);
		if (!info) return device.customerId ? "CLAIMED" : "FAILURE";
		this.#infos.delete(device);
		if (this.#clock.now() > info.expires || secretKey !== info.secretKey) return "FAILURE";
		device.deleteAttributes("SERVER_SCOPE", ["claimingAllowed", "claimingData"]);
		if (device.customerId) return "CLAIMED";
		device.customerId = customerId;
		return "SUCCESS";
	}

	/** Takes the device from its customer, so that it can be claimed again. */
	reclaim(device: Device): void {
		this.#infos.delete(device);
		if (device.customerId && !this.#settings.allowClaimingByDefault)
			device.saveAttributes(
				"SERVER_SCOPE",
				new Map([["claimingAllowed", { type: "BOOLEAN", text: "true" }]]),
			);
		device.customerId = null;
	}

	#allowed(device: Device): boolean {
		const attribute = device.attributes.SERVER_SCOPE.get("claimingAllowed")?.value;
		return (
			this.#settings.allowClaimingByDefault || (attribute?.type === "BOOLEAN" && attribute.text === "true")
		);
	}

	#info(device: Device): ClaimInfo | undefined {
		const info = this.#infos.get(device);
		if (info && info.forgotten > this.#clock.now()) return info;
		this.#infos.delete(device);
		return undefined;
	}
}
