// Why the server does not take a PUBLISH. What each means on the wire is decided in one place, mqtt/outcome.ts.

/** A payload that cannot be read ("adaptor error"): 3.1.1 closes without PUBACK, MQTT 5 acknowledges with 0x99. */
export class PayloadError extends Error {}

/** An exception that the server never thought of ("unmapped runtime error"): it closes, at MQTT 5 with 0x8B. */
export class UnmappedError extends Error {}

/** Gateway JSON of the right syntax and the wrong structure: the server acknowledges and then closes, at MQTT 5 with 0x83 in both. */
export class StructureError extends Error {}

/** A rate limit was hit: a device is closed, at MQTT 5 with 0x83. */
export class LimitError extends Error {}
