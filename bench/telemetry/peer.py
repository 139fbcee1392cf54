"""ThingsBoard's Python SDK (tb-mqtt-client over paho) under the same load, the way its README sends many messages."""
import json
import os
import platform
import time
from importlib.metadata import version

from tb_device_mqtt import TBDeviceMqttClient, TBPublishInfo

task = json.loads(os.environ["TASK"])
client = TBDeviceMqttClient(task["host"], task["port"], task["token"])
client.connect()
end = time.monotonic() + 20
while not (client.is_connected() and client.rate_limits_received):
    if time.monotonic() > end:
        raise SystemExit("tb-mqtt-client: expected a connection and the session limits within 20 s")
    time.sleep(0.01)
client.max_inflight_messages_set(task["window"])
client.max_queued_messages_set(0)


def send(messages):
    results = [client.send_telemetry({"temperature": 21.5, "humidity": 40, "count": n}) for n in range(messages)]
    for result in results:
        if result.get() != TBPublishInfo.TB_ERR_SUCCESS:
            raise SystemExit("tb-mqtt-client: expected PUBACK for every message")


send(task["warmUp"])
start, cpu = time.monotonic(), time.process_time()
send(task["messages"])
milliseconds, cpu = (time.monotonic() - start) * 1000, (time.process_time() - cpu) * 1e6
names = ["tb-mqtt-client", "tb-paho-mqtt-client"]
versions = ", ".join(f"{name} {version(name)}" for name in names)
print(json.dumps({"version": f"{versions}, Python {platform.python_version()}", "messages": task["messages"],
                  "milliseconds": milliseconds, "cpu": cpu}), flush=True)
client.stop()
os._exit(0)  # its threads would keep the process
