import type { ThingsBoard } from "../server.ts";
import { tenant } from "../users.ts";

/** A device to try things with. */
export const demo = { name: "Demo Device", token: "A1_TEST_TOKEN" };

/** What a person reads when the server is ready: where it is, and what to type. `trust` is the file a TLS client needs. */
export function introduction({ core, mqttPort, mqttsPort, url }: ThingsBoard, trust?: string): string {
	const device = core.devices.byCredentialsId(demo.token);
	const login = JSON.stringify({ username: tenant.username, password: tenant.password });
	const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
	const tls = mqttsPort
		? `\n  MQTTS ${host}:${mqttsPort}${trust ? `   its authority is in ${trust} (mosquitto_pub --cafile)` : ""}`
		: "";
	return `Stand-in ThingsBoard
  Page  ${url}   open it in a browser
  REST  ${url}   user ${tenant.username}, password ${tenant.password}
  MQTT  ${host}:${mqttPort}   device "${device?.info.name}", access token ${demo.token} (user name, any password)${tls}

Send telemetry as the device:
  mosquitto_pub -h ${host} -p ${mqttPort} -u ${demo.token} -q 1 -t v1/devices/me/telemetry -m '{"temperature":21.5}'
Read it back:
  TOKEN=$(curl -s ${url}/api/auth/login -H 'Content-Type: application/json' \\
    -d '${login}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')
  curl -s -H "X-Authorization: Bearer $TOKEN" '${url}/api/plugins/telemetry/DEVICE/${device?.id}/values/timeseries?keys=temperature'
Let a virtual board be the device, then call it:
  npm start -- --host ${host} --port ${mqttPort} --token ${demo.token}
  curl -s -H "X-Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    ${url}/api/rpc/twoway/${device?.id} -d '{"method":"ping","params":{}}'
Ctrl-C ends it. All paths: docs/thingsboard.md
`;
}
