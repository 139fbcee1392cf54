// Keep-alive as the SDK's MQTT client does it: a look every quarter of the interval; only PINGREQ and PINGRESP count, other
// traffic does not.
import Time from "time";
import Timer from "timer";

const Slack = 500; // ms a timer may be early

/** Asks for PINGREQ at three quarters of `interval` (ms), reports when no PINGRESP came for one and a half. */
export default class KeepAlive {
	#timer: ReturnType<typeof Timer.set>;
	#sent = Time.ticks;
	#answered = Time.ticks;

	constructor(interval: number, ping: () => void, fail: (reason: string) => void) {
		this.#timer = Timer.repeat(() => {
			const now = Time.ticks;
			if (Time.delta(this.#answered, now) >= interval * 1.5) fail("keep-alive: no PINGRESP");
			else if (Time.delta(this.#sent, now) >= interval * 0.75 - Slack) ping();
		}, interval / 4);
	}
	/** PINGREQ is on the wire. */
	sent(): void {
		this.#sent = Time.ticks;
	}
	/** PINGRESP came. */
	answered(): void {
		this.#answered = Time.ticks;
	}
	close(): void {
		Timer.clear(this.#timer);
	}
}
