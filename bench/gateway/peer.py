"""ThingsBoard's Python SDK as a gateway (tb-mqtt-client over paho) under the same load: one message for each reading is what it sends."""
import json
import os
import platform
import time
from importlib.metadata import version

from tb_device_mqtt import TBPublishInfo
from tb_gateway_mqtt import TBGatewayMqttClient

task = json.loads(os.environ["TASK"])
names = [f"s{task['children']}-{child}".ljust(10, "x") for child in range(task["children"])]
gateway = TBGatewayMqttClient(task["host"], task["port"], task["token"])
gateway.connect()
end = time.monotonic() + 20
while not (gateway.is_connected() and gateway.rate_limits_received):
    if time.monotonic() > end:
        raise SystemExit("tb-mqtt-client: expected a connection and the session limits within 20 s")
    time.sleep(0.01)
gateway.max_inflight_messages_set(task["window"])
gateway.max_queued_messages_set(0)


def expect(results):
    for result in results:
        if result.get() != TBPublishInfo.TB_ERR_SUCCESS:
            raise SystemExit("tb-mqtt-client: expected PUBACK for every message")


def send(messages):
    expect([gateway.gw_send_telemetry(names[n % len(names)], {"temperature": 21.5, "humidity": 40, "count": n})
            for n in range(messages)])


expect([gateway.gw_connect_device(name) for name in names])
send(task["warmUp"])
start, cpu = time.monotonic(), time.process_time()
send(task["messages"])
milliseconds, cpu = (time.monotonic() - start) * 1000, (time.process_time() - cpu) * 1e6
packages = ["tb-mqtt-client", "tb-paho-mqtt-client"]
versions = ", ".join(f"{name} {version(name)}" for name in packages)
print(json.dumps({"version": f"{versions}, Python {platform.python_version()}", "messages": task["messages"],
                  "milliseconds": milliseconds, "cpu": cpu}), flush=True)  # os._exit flushes nothing
gateway.stop()
os._exit(0)  # its threads would keep the process
