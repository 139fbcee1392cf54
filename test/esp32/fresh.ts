// A chip's module anew, as every boot evaluates it.
let boots = 0;

/** The default export of a file of hosts/esp32, evaluated again: its state is that of a boot that has just happened. */
export async function fresh<T>(file: string): Promise<T> {
	boots += 1;
	const url = new URL(`../../hosts/esp32/${file}?boot=${boots}`, import.meta.url);
	return ((await import(url.href)) as { default: T }).default;
}
