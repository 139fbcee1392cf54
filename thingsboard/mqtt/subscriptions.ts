import type { ISubscribePacket, IUnsubscribePacket } from "mqtt-packet";
import { reason } from "./reasons.ts";
import { granted, type Interest, matches, type Style } from "./topics.ts";

/** Filters that one session may have: under a profile's own one with wildcards there is no end of them. The server knows no limit. */
const maxFilters = 1000;

/** The filters that one session was granted, and what they switched on in the core. */
export class Subscriptions {
	#granted = new Map<string, 0 | 1>();
	#interests: { attributes?: Style; rpc?: Style } = {};
	/** The profile's own filter for attribute updates. */
	#custom: () => string;
	/** Code of a filter that is not granted. */
	#refused: number;

	constructor(version: number, custom: () => string) {
		this.#custom = custom;
		this.#refused = version === 5 ? reason.topicFilterInvalid : reason.unspecified;
	}

	/** The spelling of an interest that the core knows of. */
	style(interest: "attributes" | "rpc"): Style | undefined {
		return this.#interests[interest];
	}

	/** QoS of a message to the device: as granted, and 1 where nothing was (getQoSForTopic). */
	qos(topic: string): 0 | 1 {
		for (const [filter, qos] of this.#granted) if (matches(filter, topic)) return qos;
		return 1;
	}

	/** The codes of SUBACK. */
	grant({ subscriptions }: ISubscribePacket): number[] {
		return subscriptions.map(({ topic, qos }) => {
			const full = this.#granted.size >= maxFilters && !this.#granted.has(topic);
			if (full || !this.#meaning(topic)) return this.#refused;
			this.#granted.set(topic, qos ? 1 : 0);
			return qos ? 1 : 0;
		});
	}

	/** Lets the core know of a filter, if `admit` lets it; gives the interest that is now on. */
	register(filter: string, admit: () => boolean): Interest["interest"] {
		const { interest, style } = this.#meaning(filter) ?? {};
		if (!interest || !style || !this.#granted.has(filter) || !admit()) return undefined;
		this.#interests[interest] = style;
		return interest;
	}

	/** The codes of UNSUBACK. The server does not find the profile's own filter among its fixed ones: updates go on (processUnsubscribe). */
	drop({ unsubscriptions }: IUnsubscribePacket): number[] {
		return unsubscriptions.map((filter) => {
			if (!this.#granted.delete(filter)) return reason.noSubscription;
			const fixed = granted(filter);
			if (fixed?.interest) delete this.#interests[fixed.interest];
			return fixed ? reason.success : reason.topicFilterInvalid;
		});
	}

	#meaning(filter: string): Interest | undefined {
		return granted(filter, this.#custom());
	}
}
