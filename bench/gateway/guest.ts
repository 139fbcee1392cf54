// A gateway with children that are connected and have nothing to say. NVS `bench`/`children` says how many.

import TBGateway from "gateway";
import device from "host/device";
import Store from "host/store";
import TBClient from "tbclient";
import Timer from "timer";

const count = Number(new Store("bench").get("children") ?? 0);
const kept: unknown[] = [];

Timer.set(() => {
	const client = new TBClient({
		...{ ...device.network.mqtt, host: "127.0.0.1", port: 1883, token: "token", sessionLimits: false },
		random: () => 0.5,
	});
	const gateway = new TBGateway({ client, children: 1000, sessionLimits: false });
	for (let child = 0; child < count; child++) gateway.connect(`sensor-${String(child).padStart(3, "0")}`);
	kept.push(client, gateway);
}, 1000);
Timer.set(() => trace(`${(kept[1] as TBGateway).devices.length} children\n`), 20_000);
