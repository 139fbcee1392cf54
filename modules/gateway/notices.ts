// What the server tells a gateway of its children: it has renamed or deleted them.
import type { Core } from "gateway/core";
import { readRenames, textOf } from "gateway/messages";
import type { JSONValue } from "host/contract";

/**
 * Renamed: the session that runs keeps its old name, and after it the old name would make a new device. So it is ended, and another one
 * begun. A notice that comes again finds nobody of the old name.
 * @throws TypeError for malformed parameters.
 */
export function renamed(core: Core, params: JSONValue): void {
	for (const [oldName, name] of readRenames(params)) {
		const child = core.children.find(oldName);
		if (!child || !core.children.rename(child, name)) continue;
		core.reopen(child, oldName);
		core.callbacks.call("onRenamed", name, oldName);
	}
}

/** Deleted: with its next message the name would make a new device, so nothing more is sent. @throws TypeError for malformed parameters. */
export function deleted(core: Core, params: JSONValue): void {
	const child = core.children.find(textOf("device", params));
	if (!child) return;
	core.forget(child, "the device was deleted on the server");
	core.callbacks.call("onDeleted", child.name);
}
