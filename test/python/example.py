"""Runs a program unchanged, but for where its connections to port 1883 go: example.py PORT PROGRAM.

A program that ends at once takes the library's thread with it before everything is sent, so this waits until all is acknowledged.
"""

import runpy
import socket
import sys
import time

import paho.mqtt.client as paho

port, program = int(sys.argv[1]), sys.argv[2]
connect = socket.create_connection
create = paho.Client.__init__
clients = []


def redirected(address, *args, **kwargs):
    return connect(("127.0.0.1", port) if address[1] == 1883 else address, *args, **kwargs)


def noted(client, *args, **kwargs):
    clients.append(client)
    create(client, *args, **kwargs)


socket.create_connection = redirected
paho.Client.__init__ = noted
runpy.run_path(program, run_name="__main__")
deadline = time.monotonic() + 10
while time.monotonic() < deadline and any(client.is_connected() and client._out_messages for client in clients):
    time.sleep(0.01)
