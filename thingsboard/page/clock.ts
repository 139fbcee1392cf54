// The server's time: its clock may be told, jump by a fault, or be another machine's.

/** Smaller differences are the way of the message, milliseconds. */
const noise = 2000;
let offset = 0;

/** Notes what the server's clock says now, epoch milliseconds. */
export function tellTime(server: number): void {
	const difference = server - Date.now();
	offset = Math.abs(difference) > noise ? difference : 0;
}

/** Epoch milliseconds by the server's clock. */
export const now = (): number => Date.now() + offset;
