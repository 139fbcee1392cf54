// What every example needs: where the server is and who the device is, as `npm run commission` or `npm start` wrote it to NVS.
import device from "host/device";
import Store from "host/store";

const settings = new Store("tb");
const text = (name: string): string => String(settings.get(name) ?? "");

/** Network and address, to be spread into the options of a client. */
export const server = {
	...device.network.mqtt,
	host: text("host") || "127.0.0.1",
	port: Number(settings.get("port") ?? 1883),
};

/** The device's access token. */
export const token = text("token");

/** Any other setting; empty where there is none. */
export { text as setting };
