"""ThingsBoard's own Python SDK, told by JSON lines on stdin what to call: what its README shows, step by step.

usage: sdk.py device|gateway|provision PORT TOKEN CHUNK_SIZE

{"id": 1, "call": "send_telemetry", "args": [...]} calls a method of the client and answers {"id": 1, "result": rc}. An argument
{"callback": "name"} becomes a function that prints {"event": "name", "args": [...]}.
"""
import json
import logging
import sys
from hashlib import sha256
from threading import Lock
from time import sleep

from tb_device_mqtt import TBDeviceMqttClient, TBFirmwareState, TBPublishInfo
from tb_gateway_mqtt import TBGatewayMqttClient

HOST = "127.0.0.1"
output = Lock()


def tell(line):
    with output:
        print(json.dumps(line, default=str), flush=True)


def callback(name):
    def called(*args):
        tell({"event": name, "args": [arg for arg in args if plain(arg)]})

    return called


def plain(value):
    return value is None or isinstance(value, (str, int, float, bool, list, dict))


def argument(value):
    return callback(value["callback"]) if isinstance(value, dict) and list(value) == ["callback"] else value


def received(client, data, version):
    """What a device does with a firmware that has come and whose checksum is right."""
    client.update_firmware_info(state=TBFirmwareState.UPDATING)
    sleep(0.05)  # the server keeps one value of a key per millisecond
    tell({"event": "firmware", "args": [len(data), sha256(data).hexdigest(), version]})
    client.update_firmware_info(title=client.firmware_info.get("fw_title"), version=version, state=TBFirmwareState.UPDATED)


def result(value):
    return value.get() if isinstance(value, TBPublishInfo) else value if plain(value) else None


def serve(client):
    for line in sys.stdin:
        command = json.loads(line)
        try:
            args = [argument(arg) for arg in command.get("args", [])]
            tell({"id": command["id"], "result": result(getattr(client, command["call"])(*args))})
        except Exception as error:  # pylint: disable=broad-except
            tell({"id": command["id"], "error": repr(error)})


def main():
    kind, port, token, chunk = sys.argv[1:5]
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    if kind == "provision":
        serve(Provisioning(int(port)))
        return
    if kind == "gateway":
        client = TBGatewayMqttClient(HOST, int(port), username=token)
    else:
        client = TBDeviceMqttClient(HOST, int(port), username=token, chunk_size=int(chunk))
    client.set_on_firmware_received_callback(received)
    client.connect()
    while not client.is_connected():  # its connect callback is registered after the start, and can come too late
        sleep(0.01)
    tell({"event": "connected", "args": []})
    serve(client)
    client.disconnect()
    client.stop()


class Provisioning:
    """The class method that makes a device of a key and a secret."""

    def __init__(self, port):
        self.port = port

    def provision(self, key, secret, extra):
        return TBDeviceMqttClient.provision(HOST, key, secret, port=self.port, **extra)


main()
