import type { JSONObject } from "host/contract";

const Format = 5; // RAWv2 of the RuuviTag's advertisements
const Invalid = { signed: -0x8000, unsigned: 0xffff }; // a sensor that is not there

/** What a RuuviTag measured, from the bytes behind its manufacturer's identifier; undefined for another format. */
export function ruuvi(data: Uint8Array): JSONObject | undefined {
	if (data.byteLength < 18 || data[0] !== Format) return undefined;
	const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
	const [temperature, humidity, pressure] = [view.getInt16(1), view.getUint16(3), view.getUint16(5)];
	return {
		...(temperature !== Invalid.signed && { temperature: temperature / 200 }), // °C
		...(humidity !== Invalid.unsigned && { humidity: humidity / 400 }), // %
		...(pressure !== Invalid.unsigned && { pressure: (pressure + 50_000) / 100 }), // hPa
	};
}
