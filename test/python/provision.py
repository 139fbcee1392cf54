"""Introduces devices by ThingsBoard's own Python SDK (tb-mqtt-client): provision.py PORT KEY SECRET. Prints each answer as JSON."""

import json
import sys

from tb_device_mqtt import TBDeviceMqttClient


def introduce(port, key, secret):
    basic = {"username": "u", "password": "p", "client_id": "c"}
    for wishes in ({"device_name": "py-1"}, {"device_name": "py-2", "access_token": "mine"}, basic, {"device_name": "py-1"}):
        print(json.dumps(TBDeviceMqttClient.provision("127.0.0.1", key, secret, port=port, **wishes)), flush=True)


if __name__ == "__main__":
    introduce(int(sys.argv[1]), sys.argv[2], sys.argv[3])
