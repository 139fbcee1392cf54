import "../../setup.ts";
import MQTTClient from "host/mqtt";
import { mqttContract } from "../../sdk/mqtt-contract.ts";

mqttContract("the virtual board's MQTT client", MQTTClient);
