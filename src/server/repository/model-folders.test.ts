/** Model folders: what counts as a model and as a version, and what does not. */
import { strict as check } from "node:assert";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { InferenceError } from "../../protocol/errors.ts";
import { asNobody } from "../../testing/as-nobody.ts";
import { folderState } from "./folder-state.ts";
import { readModelFolder, readModelFolders } from "./model-folders.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "shoal-folders-")));

after(() => rmSync(root, { recursive: true }));

function repository(name: string, ...folders: readonly string[]): string {
  const path = join(root, name);
  mkdirSync(path);
  for (const folder of folders) mkdirSync(join(path, folder), { recursive: true });
  return path;
}

test("folders are models, folders of positive integers versions", async () => {
  const path = repository("one", "b/1", "b/10", "b/9", "a/warmup", ".git/1", "c/0", "c/01", "c/v1");
  mkdirSync(join(path, "b", "90071992547409930"));
  writeFileSync(join(path, "readme.md"), "");
  writeFileSync(join(path, "c", "2"), "a file");
  const folders = await readModelFolders([path]);
  check.deepEqual(
    [...folders],
    [
      ["a", { name: "a", path: join(path, "a"), versions: [] }],
      ["b", { name: "b", path: join(path, "b"), versions: [1, 9, 10] }],
      ["c", { name: "c", path: join(path, "c"), versions: [] }],
    ],
  );
  check.equal(await readModelFolder([path], "d"), undefined);
});

test("a name in two repositories is no model, and the others are", async () => {
  const paths = [repository("two", "m/1", "x/1"), repository("three", "m/2", "y/1")];
  const folders = await readModelFolders(paths);
  check.deepEqual([...folders.keys()], ["m", "x", "y"]);
  const both = folders.get("m");
  check.ok(both instanceof InferenceError);
  check.equal(both.message, "model appears in two or more repositories");
});

test("links count as what they lead to, within their repository", async () => {
  const path = repository("links", "m/1", "..data/v/1");
  mkdirSync(join(root, "elsewhere", "1"), { recursive: true });
  symlinkSync(join("..data", "v"), join(path, "mounted"));
  symlinkSync(join(root, "elsewhere"), join(path, "out"));
  symlinkSync(join(root, "elsewhere", "1"), join(path, "m", "2"));
  symlinkSync("1", join(path, "m", "3"));
  symlinkSync("nowhere", join(path, "broken"));
  symlinkSync("round", join(path, "round"));
  symlinkSync("/dev/null", join(path, "device"));
  writeFileSync(join(path, "m", "file"), "");
  symlinkSync(join("m", "file"), join(path, "file"));
  const folders = await readModelFolders([path]);
  check.deepEqual(
    [...folders],
    [
      ["m", { name: "m", path: join(path, "m"), versions: [1, 3] }],
      ["mounted", { name: "mounted", path: join(path, "..data", "v"), versions: [1] }],
    ],
  );
});

test("a repository that is none", async () => {
  const file = join(root, "file");
  writeFileSync(file, "");
  const gone = join(root, "gone");
  await check.rejects(readModelFolders([gone]), {
    name: "InferenceError",
    message: `model repository '${gone}': there is no such folder`,
  });
  await check.rejects(readModelFolders([file]), {
    message: `model repository '${file}': it is no folder`,
  });
});

// Windows has other rights.
if (process.platform !== "win32") {
  test("a folder that cannot be read is no model, and the others are", async () => {
    const path = repository("unreadable", "closed/1", "open/1");
    for (const each of [root, path]) chmodSync(each, 0o755);
    chmodSync(join(path, "closed"), 0);
    const folders = await asNobody(async () => {
      const state = await folderState(join(path, "closed"));
      check.match(state, /EACCES/);
      check.equal(await folderState(join(path, "closed")), state);
      return await readModelFolders([path]);
    });
    chmodSync(join(path, "closed"), 0o755);
    const closed = folders.get("closed");
    check.ok(closed instanceof InferenceError);
    check.equal(closed.message, "the folder of model 'closed' cannot be read (EACCES)");
    const open = folders.get("open");
    check.ok(open !== undefined && !(open instanceof InferenceError));
    check.deepEqual(open.versions, [1]);
  });
}
