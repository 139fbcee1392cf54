// `mc/config` of an image.
export default { title: "thingsboard-xs", version: "1.0.0", build: "factory", sntp: undefined };
