// Keys and signatures of packages, without a server: a new key, the public key that a firmware pins, a signed file.
import { readFileSync, writeFileSync } from "node:fs";
import { args } from "./args.ts";
import { KeyError, newKey, publicPoint, readKey, signPackage } from "./publish/sign.ts";

const options = args({
	command: "node --import ./tools/ts.mjs tools/sign.ts",
	about: `Prints the public key of --key as manifest.json wants it ("config": {"updateKeys": ["04…"]}); signs --image when there is one.
A private key belongs neither in the repository nor on a device.`,
	options: {
		"new-key": {
			help: "make a private key and write it here, readable by you only; never over another file",
			value: "FILE",
		},
		key: { help: "private key on P-256, PEM", value: "FILE" },
		image: { help: "image to sign", value: "FILE" },
		out: { help: "where the signed package goes", value: "FILE" },
	},
});

try {
	const made = options["new-key"];
	if (made) writeFileSync(made, newKey(), { mode: 0o600, flag: "wx" });
	const file = options.key ?? made;
	if (!file) throw new KeyError("expected --key FILE or --new-key FILE");
	const key = readKey(readFileSync(file, "utf8"));
	console.log(publicPoint(key).toString("hex"));
	if (!options.image !== !options.out) throw new KeyError("expected --image and --out together");
	if (options.image && options.out) writeFileSync(options.out, signPackage(readFileSync(options.image), key));
} catch (error) {
	console.error(`sign: ${(error as Error).message}`);
	process.exitCode = 2;
}
