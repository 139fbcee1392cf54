/** What the virtual board calls itself, in the identity record of its images; shared by both sides of the bridge. */
export const Target = "virtual";

/** Version of the XS engine in @agoric/xsnap, as its worker states it. */
export const XSVersion = "13.3.0";

/** `esp_chip_id_t` of the ESP32. */
export const ChipId = 0;

/** First byte of a mod (mod.ts). */
export const ModMagic = 0x54;
