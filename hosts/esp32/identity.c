/*
 * The identity record (modules/ota/identity.ts) where ESP-IDF has room for an application's own description: right behind
 * esp_app_desc_t, 288 bytes into the image, so that an updater sees it in the first bytes (esp_app_format, "custom app desc").
 * C, because only a C object can ask the linker for a section.
 */
#include <stdint.h>

__attribute__((used, aligned(4), section(".rodata_custom_desc"))) const uint8_t tbxs_identity[] = {
#include "identity.inc"
};

/* Bound by the FFI: the linker takes an object out of a library only for something that is called. */
uint32_t tbxs_identity_size(void)
{
	return sizeof tbxs_identity;
}
