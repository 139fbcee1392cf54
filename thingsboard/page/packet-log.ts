// The packets that are kept, and the lines of those that pass the filters: newest at the end.
import { fill, h } from "./dom.ts";
import type { Packet } from "./feed.ts";
import { packetLine } from "./packet-line.ts";
import type { Page } from "./page.ts";

/** Lines that are kept. */
const most = 1000;

/** Keeps packets and shows those that pass. */
export class PacketLog {
	onCount: (shown: number, all: number) => void = () => undefined;
	#page: Page;
	#lines: HTMLElement;
	#wanted: (packet: Packet) => boolean;
	#packets: Packet[] = [];
	#paused = false;
	#stick = true;
	/** Whose connection it is: what came before the login gets its device by this. */
	#owners = new Map<number, Packet>();

	constructor(page: Page, lines: HTMLElement, wanted: (packet: Packet) => boolean) {
		this.#page = page;
		this.#lines = lines;
		this.#wanted = wanted;
		let top = 0;
		lines.addEventListener("scroll", () => {
			// New lines move the end, never the place: only a person goes up.
			if (lines.scrollTop < top) this.#stick = false;
			if (lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40) this.#stick = true;
			top = lines.scrollTop;
		});
	}

	get paused(): boolean {
		return this.#paused;
	}

	set paused(now: boolean) {
		this.#paused = now;
		if (!now) this.redraw();
	}

	take(packets: Packet[], missed: number): void {
		this.#name(packets);
		this.#packets.push(...packets);
		this.#packets.splice(0, this.#packets.length - most);
		if (this.#paused) return;
		if (missed) this.#lines.append(h("li", { class: "hint" }, `${missed} packets came too fast to show`));
		this.#show(packets.filter(this.#wanted));
	}

	clear(): void {
		this.#packets = [];
		this.redraw();
	}

	redraw(): void {
		fill(this.#lines);
		this.#show(this.#packets.filter(this.#wanted));
	}

	#name(packets: Packet[]): void {
		for (const packet of packets) if (packet.deviceId) this.#owners.set(packet.connection, packet);
		for (const packet of packets) {
			const { deviceId, device } = this.#owners.get(packet.connection) ?? packet;
			Object.assign(packet, { deviceId, device });
			if (packet.direction === "close") this.#owners.delete(packet.connection);
		}
	}

	/** Stays at the end, unless the person has scrolled away from it. */
	#show(packets: Packet[]): void {
		const lines = this.#lines;
		lines.append(...packets.map((packet) => packetLine(packet, this.#page)));
		while (lines.children.length > most) lines.firstElementChild?.remove();
		if (this.#stick) lines.scrollTop = lines.scrollHeight;
		this.onCount(lines.children.length, this.#packets.length);
	}
}
