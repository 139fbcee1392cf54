// `embedded:storage/flash`, which the SDK does not have on Linux: the size of a slot of stubs.c.
export default {
	open: (_: { path: string; mode: string }) => ({
		status: () => ({ size: 0x20000, blockLength: 4096, blocks: 32 }),
		close(): void {},
	}),
};
