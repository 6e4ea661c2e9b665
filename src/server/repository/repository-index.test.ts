/** The repository index: what loads, what failed, and what nobody has asked for. */
import { strict as check } from "node:assert";
import { rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { LoadOverride } from "../../core/inference-service.ts";
import { addSubGraph, identityGraph } from "../../testing/onnx-graphs.ts";
import {
  type ServedRepository,
  serveRepository,
  writeFiles,
} from "../../testing/repository-fixture.ts";

const plain: LoadOverride = { config: undefined, files: new Map() };
const graph = addSubGraph();

/** `name/version STATE reason`, each. */
async function indexOf({ repository }: ServedRepository): Promise<readonly string[]> {
  return (await repository.index()).map(({ name, version = "-", state, reason }) => {
    return `${name}/${version} ${state} ${reason}`.trim();
  });
}

test("models that nobody has asked for are there by name", async (t) => {
  const files = { "c/1/model.onnx": graph, "a/1/model.onnx": graph, "b/2/model.onnx": graph };
  const served = await serveRepository(t, files, {}, { names: ["b"] });
  check.deepEqual(await indexOf(served), ["a/- UNKNOWN", "b/2 READY", "c/- UNKNOWN"]);
  rmSync(join(served.folder, "a"), { recursive: true });
  await served.repository.load("c", plain);
  check.deepEqual(await indexOf(served), ["b/2 READY", "c/1 READY"]);
});

test("what has not come as far as the core is there with its reason, and in the log", async (t) => {
  const files = {
    "one/m/1/model.onnx": graph,
    "two/m/1/model.onnx": graph,
    "two/empty/config.pbtxt": 'backend: "onnxruntime"',
    "two/wrong/1/model.onnx": graph,
    "two/wrong/config.pbtxt": "max_batch_sise: 1",
    "two/x/1/model.onnx": graph,
  };
  const folders = ["one", "two"];
  const served = await serveRepository(t, files, {}, { folders });
  const { repository, folder, lines } = served;
  const [empty, m, wrong, x] = await indexOf(served);
  check.equal(m, "m/- UNAVAILABLE model appears in two or more repositories");
  check.match(
    empty ?? "",
    /^empty\/- UNAVAILABLE Invalid argument: load failed for model 'empty': at least one version/,
  );
  check.match(wrong ?? "", /^wrong\/- UNAVAILABLE Internal: .*line 1.*max_batch_size/);
  check.equal(x, "x/1 READY");
  for (const name of ["empty", "m", "wrong"]) {
    check.ok(
      lines.some((line) => line.startsWith("error") && line.includes(`'${name}'`)),
      name,
    );
  }
  writeFiles(folder, { "two/wrong/config.pbtxt": "max_batch_size: 1" });
  await repository.load("wrong", plain);
  check.equal((await indexOf(served))[2], "wrong/1 READY");
  await check.rejects(repository.load("m", plain), {
    message:
      "failed to load 'm', failed to poll from model repository: " +
      "model appears in two or more repositories",
  });
});

test("what is named at the start and is not there fails by its name", async (t) => {
  const { failure } = await serveRepository(t, {}, {}, { names: ["nobody"] });
  check.match(failure ?? "", /^failed to load 'nobody', .*: there is no such model/);
});

test("who unloads a model is told no more why it had failed", async (t) => {
  const files = { "m/1/model.onnx": graph, "m/config.pbtxt": "max_batch_sise: 1" };
  const served = await serveRepository(t, files);
  check.match((await indexOf(served)).join(), /^m\/- UNAVAILABLE Internal/);
  await served.repository.unload("m");
  check.deepEqual(await indexOf(served), ["m/- UNKNOWN"]);
});

test("a configuration of another name is taken where it is there", async (t) => {
  const files = {
    "m/1/model.onnx": graph,
    "m/config.pbtxt": "max_batch_size: 2",
    "m/configs/large.pbtxt": "max_batch_size: 64",
    "n/1/model.onnx": graph,
    "n/config.pbtxt": "max_batch_size: 2",
  };
  const { core } = await serveRepository(t, files, {}, { configName: "large" });
  check.equal(core.lookUp("m", undefined).config.maxBatchSize, 64);
  check.equal(core.lookUp("n", undefined).config.maxBatchSize, 2);
});

test("a version that fails is tried as often again as is said", async (t) => {
  const files = { "m/1/model.onnx": "no graph" };
  const { failure, lines } = await serveRepository(t, files, {}, { retryCount: 2 });
  check.match(failure ?? "", /load failed for model 'm'/);
  check.equal(lines.filter((line) => line.includes("failed to load")).length, 3);
});

const ensemble = (step: string): string => `platform: "ensemble" max_batch_size: 4
  input { name: "X" data_type: TYPE_FP32 dims: 2 }
  output { name: "Y" data_type: TYPE_FP32 dims: 2 }
  ensemble_scheduling { step { model_name: "${step}" model_version: -1
    input_map { key: "${step === "same" ? "x" : "X"}" value: "X" }
    output_map { key: "${step === "same" ? "y" : "Y"}" value: "Y" } } }`;

test("a model that a client has sent is not replaced by its folder when an ensemble needs it", async (t) => {
  const same = identityGraph("FP32", ["rows", 2]);
  const files = {
    "same/1/model.onnx": same,
    "outer/1/empty": "",
    "outer/config.pbtxt": ensemble("same"),
  };
  const { core, repository } = await serveRepository(t, files, {}, { names: [] });
  const sent = { config: "{}", files: new Map([["7/model.onnx", same]]) };
  await repository.load("same", sent);
  await repository.load("outer", plain);
  check.equal(core.lookUp("same", undefined).config.version, 7);
});

test("with an ensemble go the models that came with it, and that no other needs", async (t) => {
  const files = {
    "same/1/model.onnx": identityGraph("FP32", ["rows", 2]),
    "inner/1/empty": "",
    "inner/config.pbtxt": ensemble("same"),
    "outer/1/empty": "",
    "outer/config.pbtxt": ensemble("inner"),
    "other/1/empty": "",
    "other/config.pbtxt": ensemble("inner"),
  };
  const served = await serveRepository(t, files, {}, { names: ["outer", "other"] });
  const { core, repository } = served;
  const readyOf = () => core.index().flatMap(({ name, state }) => (state === "READY" ? name : []));
  check.deepEqual(readyOf(), ["inner", "other", "outer", "same"]);
  await repository.unload("other", { dependents: true });
  check.deepEqual(readyOf(), ["inner", "outer", "same"]);
  await repository.unload("outer", { dependents: true });
  check.deepEqual(readyOf(), []);
  await repository.load("outer", plain);
  await repository.load("same", plain);
  await repository.unload("outer", { dependents: true });
  check.deepEqual(readyOf(), ["same"], "somebody has asked for it");
  await repository.load("outer", plain);
  await repository.unload("outer", { dependents: true });
  check.deepEqual(readyOf(), ["same"], "as he had before");
});
