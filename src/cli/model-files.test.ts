/** Which files a path on the command line stands for. */
import { strict as check } from "node:assert";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import test, { after } from "node:test";
import { type FolderKind, findModelFiles, folderKind, isRepository } from "./model-files.ts";

const root = mkdtempSync(join(tmpdir(), "shoal-model-files-"));
after(() => rmSync(root, { recursive: true }));

let folders = 0;

/** A folder with these files. */
function folderWith(...paths: readonly string[]): string {
  folders += 1;
  const folder = join(root, `${folders}`);
  mkdirSync(folder);
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), "");
  }
  return folder;
}

function found(folder: string, ...paths: readonly string[]): string[] {
  return findModelFiles(paths.map((path) => join(folder, path))).map(({ path }) =>
    relative(folder, path),
  );
}

test("a folder stands for its files, sorted, without what is no model", () => {
  const folder = folderWith(
    "b.mjs",
    "a.ts",
    "c.js",
    "a.d.ts",
    "a.test.ts",
    ".hidden.js",
    "notes.md",
    "deep/d.js",
  );
  check.deepEqual(found(folder, ""), ["a.ts", "b.mjs", "c.js"]);
});

test("files keep their order, and each comes once", () => {
  const folder = folderWith("b.js", "a.js");
  check.deepEqual(found(folder, "b.js", ""), ["b.js", "a.js"]);
});

test("only files from folders may hold no model", () => {
  const folder = folderWith("a.js");
  check.equal(findModelFiles([join(folder, "a.js")])[0]?.isFromFolder, false);
  check.equal(findModelFiles([folder])[0]?.isFromFolder, true);
});

const refusals: readonly [what: string, files: string[], path: string, complaint: RegExp][] = [
  ["nothing there", [], "no.js", /^there is no file or folder '.*no\.js'$/],
  ["another kind of file", ["model.onnx"], "model.onnx", /is no \.js, \.mjs or \.ts file$/],
  [
    "a folder without code",
    ["notes.md"],
    "",
    /no \.js, \.mjs or \.ts file .* no folder of a model$/,
  ],
  [
    "a repository",
    ["m/config.pbtxt"],
    "",
    /is a model repository, and not a folder of model files$/,
  ],
  [
    "a model of a repository",
    ["1/model.onnx"],
    "",
    /the folder of one model: .* --model-repository \S+ --model-control-mode explicit --load-model \d+$/,
  ],
];

for (const [what, files, path, message] of refusals) {
  test(`refused: ${what}`, () => {
    const folder = folderWith(...files);
    check.throws(() => findModelFiles([join(folder, path)]), { name: "UsageError", message });
  });
}

const kinds: readonly [kind: FolderKind, files: string[]][] = [
  ["repository", ["m/config.pbtxt"]],
  ["repository", ["m/1/model.onnx", "notes.md"]],
  ["repository", ["m/12/model.ts"]],
  ["model", ["config.pbtxt", "five.mjs"]],
  ["model", ["1/model.js", "five.mjs"]],
  ["files", ["a.mjs", "data/2024/numbers.csv"]],
  ["files", ["a.mjs", "m/1/model.onnx"]],
  ["nothing", ["notes.md"]],
  ["nothing", [".m/1/model.onnx"]],
  ["nothing", ["data/2024/numbers.csv"]],
];

for (const [kind, files] of kinds) {
  test(`${kind}: ${files.join(", ")}`, () => {
    const folder = folderWith(...files);
    check.equal(folderKind(folder), kind);
    check.equal(isRepository(folder), kind === "repository");
  });
}

test("a repository whose models are links", () => {
  const folder = folderWith("elsewhere/m/1/model.onnx", "repository/notes.md");
  symlinkSync(join(folder, "elsewhere", "m"), join(folder, "repository", "m"), "junction");
  check.equal(folderKind(join(folder, "repository")), "repository");
});
