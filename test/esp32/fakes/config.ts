// `mc/config` of an image.
const config: {
	title: string;
	version: string;
	build: string;
	pins?: { lamp?: number; analog?: number };
	clientKey?: boolean;
} = {
	title: "thingsboard-xs",
	version: "1.0.0",
	build: "factory",
};
export default config;
