/*
 * ESP-IDF's functions as far as hosts/esp32 calls them, for a run of its files in the desktop simulator: the FFI between XS 17.7 and C is
 * the real one, what is behind it is this. Two slots, the partition xs and a few values in memory.
 */
#include <stdint.h>
#include <string.h>

#define SLOT 0x20000
#define NOT_FOUND 0x105
#define NVS_NOT_FOUND 0x1102

static uint8_t flash[4][SLOT]; /* two slots, xs, otadata */
static uint32_t states[2] = { 2, 0xFFFFFFFF }; /* VALID, no record */

static int slot(uint32_t handle) { return (handle - 0x3ffb0040) / 0x40; }

uint32_t esp_ota_get_running_partition(void) { return 0x3ffb0040; }
uint32_t esp_ota_get_next_update_partition(uint32_t from) { return 0x3ffb0080; }
uint32_t esp_partition_find_first(int32_t type, int32_t subtype, char *label)
{
	if (type == 0x40 && subtype == 0xff && !strcmp(label, "xs")) return 0x3ffb00c0;
	if (type == 1 && subtype == 0xff && !strcmp(label, "otadata")) return 0x3ffb0100;
	if (type != 0) return 0;
	if (subtype == 0x10 && !strcmp(label, "ota_0")) return 0x3ffb0040;
	return subtype == 0x11 && !strcmp(label, "ota_1") ? 0x3ffb0080 : 0;
}
int32_t esp_ota_get_state_partition(uint32_t handle, uint32_t *state)
{
	*state = states[slot(handle)];
	return *state == 0xFFFFFFFF ? NOT_FOUND : 0;
}
int32_t esp_ota_invalidate_inactive_ota_data_slot(void) { return -1; }
int32_t esp_ota_set_boot_partition(uint32_t handle)
{
	if (flash[slot(handle)][0] != 0xE9) return 0x1503;
	states[slot(handle)] = 0;
	flash[3][0] = slot(handle) + 1; /* ota_seq of its record */
	return 0;
}
int32_t esp_ota_mark_app_valid_cancel_rollback(void) { states[0] = 2; return 0; }
int32_t esp_ota_mark_app_invalid_rollback_and_reboot(void) { return 0x1505; }
int32_t esp_partition_erase_range(uint32_t handle, uint32_t offset, uint32_t length)
{
	memset(flash[slot(handle)] + offset, 0xFF, length);
	if (slot(handle) == 3 && offset == 0) states[1] = 0xFFFFFFFF;
	return 0;
}
int32_t esp_partition_write(uint32_t handle, uint32_t offset, void *data, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++) flash[slot(handle)][offset + i] &= ((uint8_t *)data)[i];
	return 0;
}
int32_t esp_partition_read(uint32_t handle, uint32_t offset, void *data, uint32_t length)
{
	memcpy(data, flash[slot(handle)] + offset, length);
	return 0;
}
void esp_restart(void) {}
int32_t esp_reset_reason(void) { return 3; }
uint32_t esp_random(void) { return 0xFFFFFFF0; }
int64_t esp_timer_get_time(void) { return 5000000000000LL; }
uint32_t esp_get_free_heap_size(void) { return 123456; }

static struct { char key[32]; uint32_t type, length; uint8_t data[2048]; } values[8];

static int find(char *key)
{
	for (int i = 0; i < 8; i++) if (!strcmp(values[i].key, key)) return i;
	return -1;
}
static int32_t set(char *key, uint32_t type, const void *data, uint32_t length)
{
	int i = find(key);
	if (i < 0) i = find("");
	if (i < 0) return 0x1105;
	strcpy(values[i].key, key);
	values[i].type = type;
	values[i].length = length;
	memcpy(values[i].data, data, length);
	return 0;
}
static int32_t get(char *key, void *out, uint32_t *length)
{
	int i = find(key);
	if (i < 0) return NVS_NOT_FOUND;
	if (length && *length < values[i].length) return 0x110c;
	if (length) *length = values[i].length;
	memcpy(out, values[i].data, values[i].length);
	return 0;
}
int32_t nvs_open(char *name, int32_t mode, uint32_t *handle) { *handle = 0xC0000001; return mode == 1 ? 0 : 0x1104; }
void nvs_close(uint32_t handle) {}
int32_t nvs_commit(uint32_t handle) { return handle == 0xC0000001 ? 0 : 0x1107; }
int32_t nvs_erase_all(uint32_t handle) { memset(values, 0, sizeof values); return 0; }
int32_t nvs_erase_key(uint32_t handle, char *key)
{
	int i = find(key);
	if (i < 0) return NVS_NOT_FOUND;
	memset(&values[i], 0, sizeof values[i]);
	return 0;
}
int32_t nvs_find_key(uint32_t handle, char *key, uint32_t *type)
{
	int i = find(key);
	if (i < 0) return NVS_NOT_FOUND;
	*type = values[i].type;
	return 0;
}
int32_t nvs_get_blob(uint32_t handle, char *key, void *out, uint32_t *length) { return get(key, out, length); }
int32_t nvs_get_str(uint32_t handle, char *key, void *out, uint32_t *length) { return get(key, out, length); }
int32_t nvs_get_i32(uint32_t handle, char *key, int32_t *out) { return get(key, out, 0); }
int32_t nvs_get_u8(uint32_t handle, char *key, uint8_t *out) { return get(key, out, 0); }
int32_t nvs_set_blob(uint32_t handle, char *key, void *data, uint32_t length) { return set(key, 0x42, data, length); }
int32_t nvs_set_str(uint32_t handle, char *key, char *text) { return set(key, 0x21, text, strlen(text) + 1); }
int32_t nvs_set_i32(uint32_t handle, char *key, int32_t value) { return set(key, 0x14, &value, 4); }
