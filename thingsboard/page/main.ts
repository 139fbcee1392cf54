// The page: logs in, follows the server, and puts its parts together.
import { Api } from "./api.ts";
import { Cell } from "./cell.ts";
import { type DeviceLine, Feed } from "./feed.ts";
import { layout } from "./layout.ts";
import { logIn } from "./login.ts";
import type { Page } from "./page.ts";
import { deviceId, keepPlace } from "./place.ts";
import { Socket } from "./socket.ts";
import { toasts } from "./toasts.ts";

const api = new Api();
const feed = new Feed(api);
const page: Page = {
	api,
	feed,
	socket: new Socket(api),
	device: new Cell<DeviceLine | undefined>(undefined),
	say: toasts(),
};

/** Ids of all devices there ever were. */
const seen = new Set<string>();

/** The device of the address; without it the first that is connected, or the first at all. */
function choose(): void {
	const devices = feed.devices.value;
	const named = devices.find(({ id }) => id === deviceId.value);
	const gone = seen.has(deviceId.value);
	for (const { id } of devices) seen.add(id);
	if (!named && !gone && page.device.value) return; // made a moment ago: the stream tells of it soon
	const chosen = named ?? devices.find(({ connected }) => connected) ?? devices[0];
	page.device.value = chosen;
	if (chosen) deviceId.value = chosen.id;
}

await logIn(api);
api.onExpired = () => logIn(api);
keepPlace();
feed.devices.watch(choose);
deviceId.watch(choose);
layout(page);
void page.socket.open();
void feed.run();
