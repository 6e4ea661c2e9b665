/** Folder state: another one after every change, and the same without. */
import { strict as check } from "node:assert";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { folderState } from "./folder-state.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "shoal-state-")));

const outside = `${folder}.outside`;

after(() => {
  rmSync(folder, { recursive: true });
  rmSync(outside);
});

const at = (...parts: readonly string[]): string => join(folder, ...parts);

mkdirSync(at("1", "weights"), { recursive: true });
writeFileSync(at("config.pbtxt"), "");
writeFileSync(outside, "");
writeFileSync(at("1", "model.onnx"), "graph");

const changes: Readonly<Record<string, () => void>> = {
  "a new file": () => writeFileSync(at("1", "weights", "w"), "1"),
  "a larger one": () => writeFileSync(at("1", "weights", "w"), "12"),
  "another time": () => utimesSync(at("1", "model.onnx"), 1, 1),
  "another name": () => renameSync(at("1", "weights", "w"), at("1", "weights", "v")),
  "another file in its place": () => {
    writeFileSync(at("new"), "graph");
    utimesSync(at("new"), 1, 1);
    renameSync(at("new"), at("1", "model.onnx"));
  },
  "a new version": () => mkdirSync(at("4")),
  "a version of another number": () => renameSync(at("4"), at("2")),
  "a link": () => symlinkSync("1", at("3")),
  "a link to a file": () => symlinkSync(outside, at("2", "model.onnx")),
  "what a link leads to": () => writeFileSync(outside, "larger"),
  "a file less": () => rmSync(at("config.pbtxt")),
};

test("every change shows, and nothing else", async () => {
  const seen = new Set<string>();
  for (const [what, change] of Object.entries(changes)) {
    const before = await folderState(folder);
    check.equal(await folderState(folder), before);
    change();
    const now = await folderState(folder);
    check.notEqual(now, before, what);
    check.ok(!seen.has(now), what);
    seen.add(now);
  }
});

test("of some only those count", async () => {
  const stateOf = (): Promise<string> => folderState(folder, (name) => name === "2");
  const before = await stateOf();
  writeFileSync(at("labels.txt"), "cat");
  writeFileSync(at("1", "labels.txt"), "cat");
  check.equal(await stateOf(), before);
  writeFileSync(at("2", "labels.txt"), "cat");
  check.notEqual(await stateOf(), before);
});
