// Errors of `host/slots` and `host/store` with the chip's own code and name, the same on every host that has no names of its own.
import type { ChipError } from "host/contract";

/** `esp_err_t` values that slots and store meet: esp_err.h, nvs.h, esp_ota_ops.h and spi_flash of ESP-IDF v6.0. */
export const Codes: Readonly<Record<string, number>> = Object.freeze({
	ESP_FAIL: -1,
	ESP_ERR_NO_MEM: 0x101,
	ESP_ERR_INVALID_ARG: 0x102,
	ESP_ERR_INVALID_STATE: 0x103,
	ESP_ERR_INVALID_SIZE: 0x104,
	ESP_ERR_NOT_FOUND: 0x105,
	ESP_ERR_NOT_SUPPORTED: 0x106,
	ESP_ERR_TIMEOUT: 0x107,
	ESP_ERR_NOT_ALLOWED: 0x10d,
	ESP_ERR_NVS_NOT_INITIALIZED: 0x1101,
	ESP_ERR_NVS_NOT_FOUND: 0x1102,
	ESP_ERR_NVS_TYPE_MISMATCH: 0x1103,
	ESP_ERR_NVS_READ_ONLY: 0x1104,
	ESP_ERR_NVS_NOT_ENOUGH_SPACE: 0x1105,
	ESP_ERR_NVS_INVALID_NAME: 0x1106,
	ESP_ERR_NVS_INVALID_HANDLE: 0x1107,
	ESP_ERR_NVS_REMOVE_FAILED: 0x1108,
	ESP_ERR_NVS_KEY_TOO_LONG: 0x1109,
	ESP_ERR_NVS_INVALID_STATE: 0x110b,
	ESP_ERR_NVS_INVALID_LENGTH: 0x110c,
	ESP_ERR_NVS_NO_FREE_PAGES: 0x110d,
	ESP_ERR_NVS_VALUE_TOO_LONG: 0x110e,
	ESP_ERR_NVS_PART_NOT_FOUND: 0x110f,
	ESP_ERR_OTA_PARTITION_CONFLICT: 0x1501,
	ESP_ERR_OTA_SELECT_INFO_INVALID: 0x1502,
	ESP_ERR_OTA_VALIDATE_FAILED: 0x1503,
	ESP_ERR_OTA_SMALL_SEC_VER: 0x1504,
	ESP_ERR_OTA_ROLLBACK_FAILED: 0x1505,
	ESP_ERR_OTA_ROLLBACK_INVALID_STATE: 0x1506,
	ESP_ERR_FLASH_OP_FAIL: 0x6001,
	ESP_ERR_FLASH_OP_TIMEOUT: 0x6002,
});

/** The error of `who` that the chip's code stands for; `text` says what was expected and what came. */
export function chipError(who: string, action: string, code: number, text: string): ChipError {
	const name = Object.keys(Codes).find((key) => Codes[key] === code) ?? `0x${(code >>> 0).toString(16)}`;
	return Object.assign(new Error(`${who}: ${action}: ${name}${text && `: ${text}`}`), {
		code,
		codeName: name,
	});
}

/** A failure of `host/slots`. */
export const slotError = (action: string, code: number, text = ""): ChipError =>
	chipError("slots", action, code, text);

/** A failure of `host/store`. */
export const storeError = (action: string, code: number, text = ""): ChipError =>
	chipError("store", action, code, text);

/** A failure of `host/slots` by the code's name. @throws TypeError for a name that is not in the table. */
export function namedSlotError(action: string, name: string, text: string): ChipError {
	const code = Codes[name];
	if (code === undefined) throw new TypeError(`esp_err_t: unknown name ${name}`);
	return slotError(action, code, text);
}
