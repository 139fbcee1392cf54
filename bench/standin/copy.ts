// A server that sends so many bytes to whoever connects, 64 KiB at a time: what a plain TCP copy is. It prints its port.
import { createServer, type Socket } from "node:net";

const bytes = Number(process.argv[2]);
const piece = Buffer.alloc(65_536, 0x5a);

function send(socket: Socket, left: number): void {
	while (left > 0) {
		const part = piece.subarray(0, Math.min(left, piece.length));
		left -= part.length;
		if (!socket.write(part)) {
			const rest = left;
			return void socket.once("drain", () => send(socket, rest));
		}
	}
	socket.end();
}

const server = createServer((socket) => {
	socket.on("error", () => undefined);
	send(socket, bytes);
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())));
process.stdin.resume().once("end", () => process.exit(0));
