import { ESP, type EspError } from "../../../hosts/virtual/esperr.ts";
import { NorFlash } from "../../../hosts/virtual/flash.ts";
import { Nvs } from "../../../hosts/virtual/nvs.ts";
import { readPartitions } from "../../../hosts/virtual/partitions.ts";
import { VirtualStore } from "../../../hosts/virtual/store.ts";
import { deepEqual, equal, throws } from "../../assert.ts";

describe("virtual ESP32: store", () => {
	let nvs: Nvs;

	beforeEach(() => {
		nvs = new Nvs(new NorFlash(), readPartitions().find("nvs"));
	});

	it("gives each namespace its own values", () => {
		const tb = new VirtualStore(nvs, "tb");
		const ota = new VirtualStore(nvs, "ota");
		tb.set("x", 1);
		ota.set("x", "two");
		equal(new VirtualStore(nvs, "tb").get("x"), 1);
		equal(ota.get("x"), "two");
		tb.delete("x");
		equal(tb.get("x"), undefined);
		equal(ota.get("x"), "two");
	});

	it("clears one namespace and no other", () => {
		const tb = new VirtualStore(nvs, "tb");
		const ota = new VirtualStore(nvs, "ota");
		for (const store of [tb, ota]) for (const name of ["x", "y"]) store.set(name, name);
		tb.clear();
		deepEqual([tb.get("x"), tb.get("y"), ota.get("x"), ota.get("y")], [undefined, undefined, "x", "y"]);
	});

	it("opens namespaces of 1 to 15 bytes only", () => {
		new VirtualStore(nvs, "a23456789012345").set("x", 1);
		const { ESP_ERR_NVS_INVALID_NAME: invalid, ESP_ERR_NVS_KEY_TOO_LONG: tooLong } = ESP;
		for (const [name, code] of [
			["", invalid],
			["a\0b", invalid],
			["a234567890123456", tooLong],
		] as const) {
			const error = throws(() => new VirtualStore(nvs, name), "expected a name of 1…15 bytes") as EspError;
			equal(error.code, code);
		}
	});

	it("does nothing once it is closed, and may be closed twice", () => {
		const store = new VirtualStore(nvs, "tb");
		store.close();
		store.close();
		for (const action of [() => store.get("x"), () => store.set("x", 1), () => store.delete("x")])
			equal(
				(throws(action, "tb.x: expected an open store") as EspError).codeName,
				"ESP_ERR_NVS_INVALID_HANDLE",
			);
	});
});
