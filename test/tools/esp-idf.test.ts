// The reader of ESP-IDF's sources, over a repository made here in the shape of theirs.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { enumOf, errorsOf, prototypeOf, symbolOf } from "../../tools/esp-idf/read.ts";
import { commitOf, type Release } from "../../tools/esp-idf/source.ts";
import { deepEqual, equal, ok, throws } from "../assert.ts";

const header = "components/part/include/part.h";
const files = {
	[header]: `/* part_erase() is told of here: part_erase(a, b); */
typedef enum {
	PART_NEW = 0x0U, // first
	PART_OLD,
#ifdef MORE
	PART_ODD = PART_OLD + 4,
#endif
	PART_NONE = 0xFFFFFFFFU,
} part_t;
#define ESP_ERR_PART_BASE 0x1500 /*!< base */
#define ESP_ERR_PART_GONE (ESP_ERR_PART_BASE + 0x03)
const part_t *part_find(part_t type, const char *label) __attribute__((warn_unused_result));
int part_erase(const part_t* part,
               size_t offset);
void part_end(void);
`,
	"components/part/Kconfig": `menu "Part"
    config PART_SIZE
        int "size"
        default 5
        range 2 10 if !BIG
        range 2 100 if BIG
        help
            config of the size
    menuconfig PART_ON
        bool
        prompt "on"
endmenu
`,
};

describe("tools/esp-idf: what a clone of ESP-IDF says", () => {
	let folder = "";
	let release: Release;

	before(() => {
		folder = mkdtempSync(join(tmpdir(), "idf-"));
		for (const [path, text] of Object.entries(files)) {
			mkdirSync(join(folder, dirname(path)), { recursive: true });
			writeFileSync(join(folder, path), text);
		}
		const git = (...words: string[]) => execFileSync("git", ["-C", folder, ...words], { stdio: "ignore" });
		git("init", "-q");
		git("add", ".");
		git("-c", "user.name=x", "-c", "user.email=x@localhost", "commit", "-qm", "parts");
		git("tag", "v1.0");
		release = { git: join(folder, ".git"), tag: "v1.0" };
	});
	after(() => rmSync(folder, { recursive: true, force: true }));

	it("names the commit behind the tag", () => ok(/^[\da-f]{40}$/.test(commitOf(release))));

	it("reads declarations, not comments, over several lines and with attributes", () => {
		deepEqual(prototypeOf(release, "part_erase"), {
			header,
			returns: "int",
			arguments: ["const part_t *", "size_t"],
		});
		deepEqual(prototypeOf(release, "part_find"), {
			header,
			returns: "const part_t *",
			arguments: ["part_t", "const char *"],
		});
		deepEqual(prototypeOf(release, "part_end").arguments, []);
	});

	it("counts enumerations on, and understands sums of known names", () => {
		const expected = { PART_NEW: 0, PART_OLD: 1, PART_ODD: 5, PART_NONE: 0xffffffff };
		deepEqual(enumOf(release, header, "part_t"), expected);
		deepEqual(errorsOf(release, [header]), { ESP_ERR_PART_BASE: 0x1500, ESP_ERR_PART_GONE: 0x1503 });
	});

	it("takes the range of a symbol that all its conditions allow", () => {
		deepEqual(symbolOf(release, "PART_SIZE"), {
			files: ["components/part/Kconfig"],
			type: "int",
			range: [2, 10],
		});
		equal(symbolOf(release, "PART_ON").type, "bool");
	});

	it("says what is missing", () => {
		throws(() => prototypeOf(release, "part_gone"), "expected a declaration of part_gone");
		throws(() => symbolOf(release, "PART_GONE"), "expected Kconfig symbol PART_GONE");
	});
});
