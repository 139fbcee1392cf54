/** CRC-32 as in IEEE 802.3, by halves of bytes: 16 numbers instead of a table of 256. */
const Table = Array.from({ length: 16 }, (_, value) => {
	let crc = value;
	for (let bit = 0; bit < 4; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
	return crc;
});

export function crc32(bytes: Uint8Array): number {
	let crc = 0xffffffff;
	for (let index = 0; index < bytes.length; index++) {
		crc ^= bytes[index] as number;
		crc = (crc >>> 4) ^ (Table[crc & 15] as number);
		crc = (crc >>> 4) ^ (Table[crc & 15] as number);
	}
	return ~crc >>> 0;
}
