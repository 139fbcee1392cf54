/** What of the SDK's BLE client is used here; its own typings name an export that is none. */
declare module "bleclient" {
	interface Discovered {
		readonly address: { toString(): string };
		readonly scanResponse: {
			readonly manufacturerSpecific?: { identifier: number; data: Uint8Array } | undefined;
		};
	}
	export default class BLEClient {
		onReady(): void;
		onDiscovered(device: Discovered): void;
		startScanning(params: { active?: boolean; duplicates?: boolean }): void;
	}
}
