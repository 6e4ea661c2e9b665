/** Uploads: what is written, for whom, and that nothing is left that nothing is loaded from. */
import { strict as check } from "node:assert";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { addSubGraph, identityGraph } from "../../testing/onnx-graphs.ts";
import { serveRepository } from "../../testing/repository-fixture.ts";
import { removeUpload, writeUpload } from "./uploads.ts";

// Of this file alone.
const place = realpathSync(mkdtempSync(join(tmpdir(), "shoal-uploads-")));
for (const name of ["TMPDIR", "TEMP", "TMP"]) process.env[name] = place;

after(() => rmSync(place, { recursive: true }));

const bytes = Uint8Array.of(1, 2, 3);

test("files lie in a folder that only this user can read, until it is removed", async () => {
  const folder = await writeUpload(new Map([["1/weights/w", bytes]]));
  check.deepEqual(new Uint8Array(readFileSync(join(folder, "1", "weights", "w"))), bytes);
  if (process.platform !== "win32") check.equal(statSync(folder).mode & 0o077, 0);
  await removeUpload(folder);
  check.deepEqual(readdirSync(place), []);
});

test("nothing is left of what is refused", async () => {
  for (const [name, why] of [
    ["../evil", /must stay within model directory\.$/],
    ["1//m", /cannot be written \(EEXIST\)$/],
    ["1/m/x", /cannot be written \(\w+\)$/],
  ] as const) {
    const files = new Map([
      ["1/m", bytes],
      [name, bytes],
    ]);
    await check.rejects(writeUpload(files), { message: why });
    check.deepEqual(readdirSync(place), [], name);
  }
});

test("they last as long as something is loaded from them", async (t) => {
  const { repository } = await serveRepository(t, { "m/1/model.onnx": addSubGraph() });
  const load = async (graph?: Uint8Array | string): Promise<number> => {
    const files = new Map(graph === undefined ? [] : [["1/model.onnx", Buffer.from(graph)]]);
    const config = graph === undefined ? undefined : "{}";
    await repository.load("m", { config, files }).catch(() => {});
    return readdirSync(place).filter((name) => name.startsWith("shoal-upload-")).length;
  };
  check.equal(await load(identityGraph("FP32")), 1);
  check.equal(await load("no graph"), 1);
  check.equal(await load(addSubGraph()), 1);
  check.equal(await load(), 0);
  check.equal(await load(addSubGraph()), 1);
  await repository.unload("m");
  check.equal(await load(), 0);
});
