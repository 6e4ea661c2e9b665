/** What is no file of the model is never opened, whatever stands under the name of one. */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { LoadOverride } from "../../core/inference-service.ts";
import { addSubGraph } from "../../testing/onnx-graphs.ts";
import { indexLines, serveRepository, writeFiles } from "../../testing/repository-fixture.ts";

const plain: LoadOverride = { config: undefined, files: new Map() };

const graph = addSubGraph();

const ofWarmup = `model_warmup { name: 'w' batch_size: 1
  inputs { key: 'a' value { data_type: TYPE_FP32 dims: 16 input_data_file: 'rows' } }
  inputs { key: 'b' value { data_type: TYPE_FP32 dims: 16 zero_data: true } } }`;

/** A pipe would do as well, but for a test that fails: it would wait for it. */
async function socketAt(t: TestContext, path: string): Promise<void> {
  const server = createServer().listen(path);
  await once(server, "listening");
  t.after(() => server.close());
}

test("a file of the warm-up is one of its folder", async (t) => {
  const { folder, repository, core } = await serveRepository(t, {
    "m/1/model.onnx": graph,
    "m/config.pbtxt": ofWarmup,
    "m/warmup/rows": new Uint8Array(64),
  });
  check.deepEqual(indexLines(core), ["m/1 READY"]);
  const rows = join(folder, "m", "warmup", "rows");
  const refused = async (why: RegExp): Promise<void> => {
    await check.rejects(repository.load("m", plain), { message: why });
  };
  writeFileSync(join(folder, "secret"), new Uint8Array(64));

  rmSync(rows);
  await refused(/warm-up file 'warmup\/rows' is not there/);
  symlinkSync(join(folder, "secret"), rows);
  await refused(/warm-up file 'warmup\/rows' is outside its folder/);
  rmSync(rows);
  symlinkSync("/dev/zero", rows);
  await refused(/is outside its folder/);
  rmSync(join(folder, "m", "warmup"), { recursive: true });
  mkdirSync(join(folder, "elsewhere"));
  writeFileSync(join(folder, "elsewhere", "rows"), new Uint8Array(64));
  symlinkSync(join(folder, "elsewhere"), join(folder, "m", "warmup"));
  await refused(/is outside its folder/);
  check.equal(core.lookUp("m", 1).isReady(), true);
});

// Windows has no sockets that are in folders.
if (process.platform !== "win32") {
  test("what is no regular file is not opened", async (t) => {
    const { folder, repository } = await serveRepository(t, { "m/1/model.onnx": graph });
    mkdirSync(join(folder, "m", "warmup"));
    await socketAt(t, join(folder, "m", "warmup", "rows"));
    writeFiles(folder, { "m/config.pbtxt": ofWarmup });
    await check.rejects(repository.load("m", plain), { message: /'warmup\/rows' is no file/ });
    rmSync(join(folder, "m", "config.pbtxt"));
    await socketAt(t, join(folder, "m", "config.pbtxt"));
    await check.rejects(repository.load("m", plain), {
      message: /'config.pbtxt' is no file/,
    });
  });
}
