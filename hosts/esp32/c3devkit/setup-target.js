// A bare ESP32-C3 module on a development board: nothing to prepare before main.
export default function (done) {
	done();
}
