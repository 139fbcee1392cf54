"""Lives as a device by ThingsBoard's own Python SDK (tb-mqtt-client): device.py PORT TOKEN.

One line of JSON on stdout per event. Commands on stdin, one per line: `firmware` downloads, the end of stdin ends the program.
"""

import hashlib
import json
import sys
import threading

from tb_device_mqtt import TBDeviceMqttClient, TBFirmwareState


def say(**event):
    sys.stdout.write(json.dumps(event) + "\n")  # one write: the library's threads say things too
    sys.stdout.flush()


def live(port, token):
    client = TBDeviceMqttClient("127.0.0.1", port=port, username=token, chunk_size=1000)
    connected = threading.Event()
    client.connect(callback=lambda *_: connected.set())
    connected.wait(20)
    say(connected=client.is_connected())
    say(telemetry=client.send_telemetry({"temperature": 41.9, "on": True}).get())
    say(attributes=client.send_attributes({"model": "DHT-22"}).get())

    answered = threading.Event()

    def on_attributes(result, *_):
        say(answer=result)
        answered.set()

    client.request_attributes(client_keys=["model"], shared_keys=["target"], callback=on_attributes)
    answered.wait(20)

    def on_call(request_id, body):
        client.send_rpc_reply(request_id, {"heard": body["method"]})

    def on_firmware(_, data, version):
        say(firmware=hashlib.sha256(data).hexdigest())
        client.update_firmware_info(version=version, state=TBFirmwareState.UPDATED)

    client.set_server_side_rpc_request_handler(on_call)
    client.set_on_firmware_received_callback(on_firmware)
    client.subscribe_to_all_attributes(lambda result, *_: say(update=result))
    client.send_rpc_call("echo", {"a": 1}, lambda _id, body, *_: say(reply=body))
    say(claim=client.claim(secret_key="secret", duration=60000).get())
    say(ready=True)
    for command in sys.stdin:
        if command.strip() == "firmware":
            client.get_firmware_update()
    client.disconnect()
    client.stop()


if __name__ == "__main__":
    live(int(sys.argv[1]), sys.argv[2])
