// Numbers and names as in ESP-IDF: esp_err.h, esp_ota_ops.h (base 0x1500), nvs.h (base 0x1100), esp_image_format.h (base 0x2000)
// and hal/esp_flash_err.h (base 0x6000).
import type { SlotError } from "../contract.ts";

/** The `esp_err_t` codes that the virtual board can answer with. */
export const ESP = {
	ESP_FAIL: -1,
	ESP_ERR_NO_MEM: 0x101,
	ESP_ERR_INVALID_ARG: 0x102,
	ESP_ERR_INVALID_STATE: 0x103,
	ESP_ERR_INVALID_SIZE: 0x104,
	ESP_ERR_NOT_FOUND: 0x105,
	ESP_ERR_NOT_SUPPORTED: 0x106,
	ESP_ERR_NVS_NOT_FOUND: 0x1102,
	ESP_ERR_NVS_TYPE_MISMATCH: 0x1103,
	ESP_ERR_NVS_NOT_ENOUGH_SPACE: 0x1105,
	ESP_ERR_NVS_INVALID_NAME: 0x1106,
	ESP_ERR_NVS_INVALID_HANDLE: 0x1107,
	ESP_ERR_NVS_KEY_TOO_LONG: 0x1109,
	ESP_ERR_NVS_NO_FREE_PAGES: 0x110d,
	ESP_ERR_NVS_VALUE_TOO_LONG: 0x110e,
	ESP_ERR_NVS_NEW_VERSION_FOUND: 0x1110,
	ESP_ERR_OTA_PARTITION_CONFLICT: 0x1501,
	ESP_ERR_OTA_VALIDATE_FAILED: 0x1503,
	ESP_ERR_OTA_ROLLBACK_FAILED: 0x1505,
	ESP_ERR_OTA_ROLLBACK_INVALID_STATE: 0x1506,
	ESP_ERR_IMAGE_INVALID: 0x2002,
	ESP_ERR_FLASH_OP_FAIL: 0x6001,
	ESP_ERR_FLASH_OP_TIMEOUT: 0x6002,
} as const;

/** Name of an `esp_err_t`, e.g. `ESP_ERR_OTA_VALIDATE_FAILED`. */
export type EspErrorName = keyof typeof ESP;

/** A failure as the chip reports it: the text says what was attempted, expected and found; the contract's `SlotError`. */
export class EspError extends Error implements SlotError {
	readonly code: number;
	readonly codeName: EspErrorName;

	/**
	 * @param codeName ESP-IDF's name; the number follows from it
	 * @param text what was attempted, what was expected, what came
	 */
	constructor(codeName: EspErrorName, text: string, options?: ErrorOptions) {
		super(`${text} (${codeName})`, options);
		this.name = "EspError";
		this.code = ESP[codeName];
		this.codeName = codeName;
	}
}
