const table = Uint32Array.from({ length: 256 }, (_, byte) => {
	let remainder = byte;
	for (let bit = 0; bit < 8; bit++)
		remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
	return remainder;
});

/**
 * CRC-32 (IEEE, reflected) as the ESP32's ROM computes it: `esp_rom_crc32_le(seed, data)`, which equals zlib's
 * `crc32(data, seed)`. ESP-IDF seeds otadata and NVS records with 0xFFFFFFFF, the default here.
 */
export function crc32(data: Uint8Array, seed = 0xffffffff): number {
	let register = ~seed;
	for (const byte of data) register = (table[(register ^ byte) & 255] ?? 0) ^ (register >>> 8);
	return ~register >>> 0;
}
