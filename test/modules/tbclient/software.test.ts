import "../../setup.ts";
import { SoftwareSource } from "tbclient/software";
import { deepEqual, equal } from "../../assert.ts";
import { begin, client, connect, log, make } from "./rig.ts";

describe("Software packages", () => {
	beforeEach(begin);

	/** A client with a source, whose chunks go to the log. `read` bytes of each are read. */
	function attached(read = 100): { mqtt: ReturnType<typeof connect>; source: SoftwareSource } {
		const mqtt = connect();
		const source: SoftwareSource = new SoftwareSource(client, () => ({
			receive(count, chunk) {
				const view = new Uint8Array(read);
				const length = source.read(view);
				log.push(`${count} ${JSON.stringify(chunk)} ${[...view.subarray(0, length)]}`);
			},
		}));
		client.attach(source);
		return { mqtt, source };
	}

	it("are asked for by ids that firmware never uses", () => {
		const { mqtt, source } = attached();
		mqtt.grant();
		equal(source.requestFirmware(7, 2, 2048), true);
		deepEqual(
			mqtt.published.map(({ topic, text, QoS }) => `${topic} ${text} ${QoS}`),
			["v2/sw/request/1073741831/chunk/2 2048 0"],
		);
	});

	it("are not asked for without a connection", () => {
		make();
		equal(new SoftwareSource(client, () => ({ receive() {} })).requestFirmware(1, 0, 10), false);
	});

	it("come with the numbers they were asked for, readable during the call only", () => {
		const { mqtt, source } = attached(2);
		mqtt.deliver("v2/sw/response/1073741831/chunk/2", "abc");
		deepEqual(log, ['3 {"request":7,"index":2,"offset":0,"byteLength":3,"more":false} 97,98']);
		equal(source.read(new Uint8Array(5)), 0);
	});

	it("leave other topics alone", () => {
		const { mqtt } = attached();
		mqtt.deliver("v2/fw/response/1/chunk/0", "abc");
		mqtt.deliver("custom", "abc");
		deepEqual(log, []);
		equal(client.stats.unknown, 1);
	});
});
