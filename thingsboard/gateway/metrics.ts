// How long messages of a gateway were on their way (GatewayMetricsService): its telemetry `gatewayMetrics`.
import type { Clock } from "../clock.ts";
import type { Device } from "../devices.ts";
import type { Latency } from "./messages.ts";

/** `transport.mqtt.gateway_metrics_report_interval_sec`, milliseconds. */
const interval = 60_000;

/** Connectors of one gateway that are counted within that time; a real gateway has a handful. */
const maxConnectors = 100;

/** Collects latencies and stores them on the gateway every 60 s, connector by connector. */
export class GatewayMetrics {
	#clock: Clock;
	#gateways = new Map<Device, Map<string, Connector>>();

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Counts what arrived at `now`, epoch milliseconds. */
	add(gateway: Device, latencies: Latency[], now: number): void {
		if (!latencies.length) return;
		if (!this.#gateways.size) this.#clock.after(interval, () => this.#report());
		const connectors = this.#gateways.get(gateway) ?? new Map<string, Connector>();
		this.#gateways.set(gateway, connectors);
		for (const { connector, receivedTs, publishedTs } of latencies) {
			const known = connectors.get(connector);
			if (!known && connectors.size >= maxConnectors) continue;
			connectors.set(connector, (known ?? new Connector()).add(publishedTs - receivedTs, now - publishedTs));
		}
	}

	#report(): void {
		const ts = this.#clock.now();
		const reported = [...this.#gateways];
		this.#gateways.clear();
		for (const [gateway, connectors] of reported) {
			const text = JSON.stringify(
				Object.fromEntries([...connectors].map(([name, it]) => [name, it.result()])),
			);
			gateway.store([{ ts, values: new Map([["gatewayMetrics", { type: "JSON", text }]]) }]);
		}
	}
}

/** Sums of one connector. The server takes a minimum of 0 for none yet. */
class Connector {
	#gateway = new Series();
	#transport = new Series();

	add(gateway: number, transport: number): this {
		this.#gateway.add(gateway);
		this.#transport.add(transport);
		return this;
	}

	result(): object {
		const { average, minimum, maximum } = this.#gateway;
		return {
			avgGwLatency: average,
			minGwLatency: minimum,
			maxGwLatency: maximum,
			avgTransportLatency: this.#transport.average,
			minTransportLatency: this.#transport.minimum,
			maxTransportLatency: this.#transport.maximum,
		};
	}
}

class Series {
	minimum = 0;
	maximum = 0;
	#sum = 0;
	#count = 0;

	get average(): number {
		return Math.trunc(this.#sum / this.#count);
	}

	add(value: number): void {
		this.#sum += value;
		this.#count++;
		if (this.minimum === 0 || this.minimum > value) this.minimum = value;
		if (this.maximum < value) this.maximum = value;
	}
}
