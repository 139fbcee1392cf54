// The SDK's socket, resolver and MQTT classes, as names to wrap: nothing connects here.
export default class Nothing {}
