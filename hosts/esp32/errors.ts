// Errors of `host/slots` with the chip's own code and name, the same on every host that has no names of its own.
import type { SlotError } from "host/contract";

/** `esp_err_t` values that slots meet: esp_err.h, esp_ota_ops.h and spi_flash's esp_err of ESP-IDF v6.0. */
const Codes: Readonly<Record<string, number>> = Object.freeze({
	ESP_FAIL: -1,
	ESP_ERR_NO_MEM: 0x101,
	ESP_ERR_INVALID_ARG: 0x102,
	ESP_ERR_INVALID_STATE: 0x103,
	ESP_ERR_INVALID_SIZE: 0x104,
	ESP_ERR_NOT_FOUND: 0x105,
	ESP_ERR_NOT_SUPPORTED: 0x106,
	ESP_ERR_TIMEOUT: 0x107,
	ESP_ERR_NOT_ALLOWED: 0x10d,
	ESP_ERR_OTA_PARTITION_CONFLICT: 0x1501,
	ESP_ERR_OTA_SELECT_INFO_INVALID: 0x1502,
	ESP_ERR_OTA_VALIDATE_FAILED: 0x1503,
	ESP_ERR_OTA_SMALL_SEC_VER: 0x1504,
	ESP_ERR_OTA_ROLLBACK_FAILED: 0x1505,
	ESP_ERR_OTA_ROLLBACK_INVALID_STATE: 0x1506,
	ESP_ERR_FLASH_OP_FAIL: 0x6001,
	ESP_ERR_FLASH_OP_TIMEOUT: 0x6002,
});

/** The error that the chip's code stands for; `text` says what was expected and what came. */
export function slotError(action: string, code: number, text = ""): SlotError {
	const name = Object.keys(Codes).find((key) => Codes[key] === code) ?? `0x${(code >>> 0).toString(16)}`;
	return Object.assign(new Error(`slots: ${action}: ${name}${text && `: ${text}`}`), {
		code,
		codeName: name,
	});
}

/** The same by the code's name. @throws TypeError for a name that is not in the table. */
export function namedSlotError(action: string, name: string, text: string): SlotError {
	const code = Codes[name];
	if (code === undefined) throw new TypeError(`esp_err_t: unknown name ${name}`);
	return slotError(action, code, text);
}
