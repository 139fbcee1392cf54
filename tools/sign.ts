// Keys and signatures of packages, without a server: a new key, the public key that a firmware pins, a signed file.
import { writeFileSync } from "node:fs";
import { args } from "./args.ts";
import { checkOutput, readInput } from "./publish/files.ts";
import { KeyError, keyIdOf, type Name, newKey, publicPoint, readKey, signPackage } from "./publish/sign.ts";

const options = args({
	command: "npm run sign --",
	about: `Prints the public key of --key or --new-key as manifest.json wants it ("config": {"updateKeys": ["04…"]}), and on stderr its id, by which
packages name their signer; signs --image under --title and --version when there is one.
A private key belongs neither in the repository nor on a device.`,
	options: {
		"new-key": {
			help: "make a private key and write it here, readable by you only; never over another file",
			value: "FILE",
		},
		key: { help: "private key on P-256, PEM", value: "FILE" },
		image: { help: "image to sign", value: "FILE" },
		type: { help: "firmware, or software: a mod", value: "TYPE", default: "firmware" },
		title: { help: "its title, as it is published", value: "TEXT" },
		version: { help: "its version, as it is published", value: "X.Y.Z" },
		out: { help: "where the signed package goes", value: "FILE" },
	},
});

/** Everything is checked before anything is written. */
function main({ "new-key": made, key: given, image, out, ...words }: typeof options): void {
	if (!made === !given) throw new KeyError("expected either --key FILE or --new-key FILE");
	if (!image !== !out) throw new KeyError("expected --image and --out together");
	checkOutput(out, { key: given, "new-key": made, image });
	const pem = given ? readInput("--key", given).toString("utf8") : newKey();
	const key = readKey(pem);
	const signed = image && signPackage(readInput("--image", image), key, nameOf(words));
	if (made) writeKey(made, pem);
	const point = publicPoint(key);
	console.log(point.toString("hex"));
	console.error(`key id ${keyIdOf(point).toString("hex")}`);
	if (signed && out) writeFileSync(out, signed);
}

/** Never over another file: it may be the only copy of the key that devices in the field pin. */
function writeKey(file: string, pem: string): void {
	try {
		writeFileSync(file, pem, { mode: 0o600, flag: "wx" });
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		const got = code === "EEXIST" ? `${file}, which exists: give the new key another name` : message;
		throw new KeyError(`--new-key: expected a file that is not there yet, got ${got}`);
	}
}

/** Signed too: a device compares it with what the server says. */
function nameOf({ type, title, version }: Pick<typeof options, "type" | "title" | "version">): Name {
	if (type !== "firmware" && type !== "software")
		throw new KeyError(`--type: expected firmware or software, got ${type}`);
	if (!title || !version) throw new KeyError("expected --title and --version of the image");
	return { type: type === "software" ? "SOFTWARE" : "FIRMWARE", title, version };
}

try {
	main(options);
} catch (error) {
	console.error(`sign: ${(error as Error).message}`);
	process.exitCode = 2;
}
