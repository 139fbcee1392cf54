/**
 * The SDK's `mc/config`: what was decided when the image was built. The bundler replaces this module; as it stands it serves
 * programs that are not bundled, such as specs on Node.
 */
export interface Config {
	title: string;
	/** Three numbers. */
	version: string;
	/** Drawn at random when the image is built. */
	build: string;
	/** RPCs of `service/commands` that may be called; none by default. */
	commands?: readonly string[];
	/** Public keys, one of which must have signed an update: 130 hex digits each. Without any, packages need no signature. */
	updateKeys?: readonly string[];
}

const config: Config = { title: "thingsboard-xs", version: "0.0.0", build: "unbuilt" };
export default config;
