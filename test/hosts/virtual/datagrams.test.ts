// Datagrams of the virtual board: bounded as in lwIP, gone without a link, over real sockets.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { BoardDatagrams } from "../../../hosts/virtual/datagrams.ts";
import { type DatagramEvents, type Network, RealNetwork } from "../../../hosts/virtual/network.ts";
import { Event } from "../../../hosts/virtual/protocol.ts";
import type { SocketContext } from "../../../hosts/virtual/sockets.ts";
import { deepEqual, equal, ok } from "../../assert.ts";

/** A socket of the guest over a network that the spec plays, and what was posted. */
function open(network: Partial<Network>, isUp = () => true) {
	const posted: number[] = [];
	const clock = { soon: (action: () => void) => action() };
	const context = { network, clock, post: (kind: number) => posted.push(kind) } as unknown as SocketContext;
	return { posted, socket: new BoardDatagrams(context, 1, 5005, isUp) };
}

describe("The virtual board's datagrams", () => {
	it("wait to be read, six at most, and none comes without a link", () => {
		let events: DatagramEvents | undefined;
		let up = true;
		const bind = (_: number, given: DatagramEvents) => {
			events = given;
			return { send() {}, close() {} };
		};
		const { posted, socket } = open({ bind }, () => up);
		for (let i = 0; i < 8; i++) events?.onData(Uint8Array.of(i), "10.0.0.1", 7);
		up = false;
		deepEqual(socket.read(), { data: Uint8Array.of(0), address: "10.0.0.1", port: 7 });
		events?.onData(Uint8Array.of(9), "10.0.0.1", 7);
		deepEqual(posted, Array(6).fill(Event.READABLE));
		for (let i = 1; i < 6; i++) equal(socket.read()?.data[0], i);
		equal(socket.read(), undefined);
		events?.onEnd();
		equal(posted.pop(), Event.FAILED);
	});
	it("fail where the network has none", () => {
		const { posted, socket } = open({});
		socket.send(new Uint8Array(1), "127.0.0.1", 1);
		socket.close();
		deepEqual(posted, [Event.FAILED]);
	});
	it("go over real sockets, and a port that is taken is told", async () => {
		const other = createSocket("udp4");
		other.bind(0, "127.0.0.1");
		await once(other, "listening");
		const { port } = other.address();
		const network = new RealNetwork();
		const heard: string[] = [];
		const came = new Promise<void>((done) => {
			const ours = network.bind(0, {
				onData(data, address) {
					heard.push(`${Buffer.from(data)} ${address}`);
					ours.close();
					ours.close();
					done();
				},
				onEnd: () => heard.push("end"),
			});
			other.once("message", (data, from) => other.send(`echo ${data}`, from.port, from.address));
			ours.send(Buffer.from("hello"), "127.0.0.1", port);
		});
		await came;
		deepEqual(heard, ["echo hello 127.0.0.1"]);
		await new Promise<void>((onEnd) => void network.bind(port, { onData: () => ok(false), onEnd }));
		other.close();
	});
});
