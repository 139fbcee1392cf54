// What becomes of a mod at this boot, decided before any of its code runs: so this module is imported before `app` is.
import mods from "host/mods";
import slots from "host/slots";
import Store from "host/store";
import system from "host/system";
import config from "mc/config";
import { ModSlots } from "ota/mod-slots";
import Timer from "timer";

export const store = new Store("sw");

export const slot = new ModSlots({
	...{ slots, mods, store, title: config.title, resetReason: system.resetReason },
	restart: () => system.restart(),
});

/** Lets the last acknowledgement leave the chip. */
export const restart = (): void => void Timer.set(() => system.restart(), 500);
