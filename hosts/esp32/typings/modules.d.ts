// The SDK's own typing of `modules` is not found beside the code that it is for.
declare module "modules" {
	export default class Modules {
		/** Names of the modules of the mod that is mapped. */
		static readonly archive: readonly string[];
	}
}
