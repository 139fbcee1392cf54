"""Lives as a gateway by ThingsBoard's own Python SDK (tb-mqtt-client): gateway.py PORT TOKEN.

One line of JSON on stdout per event; the end of stdin ends the program.
"""

import json
import sys
import threading

from tb_gateway_mqtt import TBGatewayMqttClient


def say(**event):
    sys.stdout.write(json.dumps(event) + "\n")  # one write: the library's threads say things too
    sys.stdout.flush()


def live(port, token):
    gateway = TBGatewayMqttClient("127.0.0.1", port=port, username=token)
    connected = threading.Event()
    gateway.connect(callback=lambda *_: connected.set())
    connected.wait(20)
    say(connect=gateway.gw_connect_device("Device A", "thermostat").get())
    say(telemetry=gateway.gw_send_telemetry("Device A", [{"t": 1}, {"ts": 1451649600512, "values": {"t": 2}}]).get())
    say(attributes=gateway.gw_send_attributes("Device B", {"model": "x"}).get())

    def ask(question, device, keys):
        answered = threading.Event()

        def on_answer(result, *_):
            say(answer=result)
            answered.set()

        question(device, keys, on_answer)
        answered.wait(20)

    ask(gateway.gw_request_client_attributes, "Device B", ["model"])
    ask(gateway.gw_request_shared_attributes, "Device A", ["limit", "none"])

    def on_call(_, body):
        gateway.gw_send_rpc_reply(body["device"], body["data"]["id"], {"heard": body["data"]["method"]})

    gateway.gw_set_server_side_rpc_request_handler(on_call)
    gateway.gw_subscribe_to_attribute("Device A", "limit", lambda result, *_: say(update=result))
    say(claim=gateway.gw_claim("Device A", "secret", 60000).get())
    say(ready=True)
    sys.stdin.read()
    say(disconnect=gateway.gw_disconnect_device("Device A").get())
    gateway.disconnect()
    gateway.stop()


if __name__ == "__main__":
    live(int(sys.argv[1]), sys.argv[2])
