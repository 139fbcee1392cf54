// Where the person is: `#device-id/tab` in the address, so that a reload or a link comes back to it.
import { Cell } from "./cell.ts";

const parts = (): [string, string] => {
	const [device = "", tab = ""] = location.hash.slice(1).split("/");
	return [device, tab];
};

/** Id of the device in the address; empty without one. */
export const deviceId = new Cell(parts()[0]);
/** Name of the tab in the address; empty without one. */
export const tab = new Cell(parts()[1]);

const write = (): void => history.replaceState(null, "", `#${deviceId.value}/${tab.value}`);

/** Keeps address and cells equal. */
export function keepPlace(): void {
	deviceId.watch(write);
	tab.watch(write);
	addEventListener("hashchange", () => {
		const [id, name] = parts();
		deviceId.value = id;
		tab.value = name;
	});
}
