/** Models of a repository that come, change and go while the server runs. */
import { strict as check } from "node:assert";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { InferenceCore } from "../../core/inference-core.ts";
import type { LoadOverride } from "../../core/inference-service.ts";
import { LoadedModel } from "../../core/loaded-model.ts";
import { addSubGraph, identityGraph } from "../../testing/onnx-graphs.ts";
import { indexLines, serveRepository, writeFiles } from "../../testing/repository-fixture.ts";

const plain: LoadOverride = { config: undefined, files: new Map() };

const withConfig = (
  config: object,
  files: Readonly<Record<string, Uint8Array>> = {},
): LoadOverride => {
  return { config: JSON.stringify(config), files: new Map(Object.entries(files)) };
};

const batchOf = (core: InferenceCore): number => core.lookUp("m", undefined).config.maxBatchSize;

const m = { "m/1/model.onnx": addSubGraph() };

test("what has not changed is not loaded again", async (t) => {
  const { core, repository, lines } = await serveRepository(t, m);
  const before = core.lookUp("m", 1);
  const lineCount = lines.length;
  await repository.load("m", plain);
  check.equal(core.lookUp("m", 1), before);
  check.equal(lines.length, lineCount, "nothing to tell");
});

test("what is being unloaded is waited for", async (t) => {
  const { core, repository } = await serveRepository(t, m);
  const held = core.lookUp("m", 1);
  check.ok(held instanceof LoadedModel);
  held.hold();
  const unloading = core.unload("m", 1);
  const asked = new Promise<void>((resolve) => {
    t.mock.method(core, "unload", (...about: Parameters<InferenceCore["unload"]>) => {
      resolve();
      return InferenceCore.prototype.unload.apply(core, about);
    });
  });
  const loading = repository.load("m", plain);
  await Promise.race([asked, loading]);
  check.deepEqual(indexLines(core), ["m/1 UNLOADING"]);
  held.letGo(undefined);
  await Promise.all([unloading, loading]);
  check.deepEqual(indexLines(core), ["m/1 READY"]);
});

test("what has changed is loaded anew, and what is new is found", async (t) => {
  const { core, repository, folder } = await serveRepository(t, m);
  writeFiles(folder, { "m/config.pbtxt": "max_batch_size: 8", "n/2/model.onnx": addSubGraph() });
  await repository.load("m", plain);
  await repository.load("n", plain);
  check.equal(batchOf(core), 8);
  check.deepEqual(indexLines(core), ["m/1 READY", "n/2 READY"]);
});

test("versions come and go by the policy", async (t) => {
  const { core, repository, folder } = await serveRepository(t, m);
  writeFiles(folder, { "m/2/model.onnx": addSubGraph() });
  await repository.load("m", plain);
  check.ok(!indexLines(core).includes("m/1 READY"));
  await core.unload("m", 1);
  check.deepEqual(indexLines(core), ["m/1 UNAVAILABLE unloaded", "m/2 READY"]);
  writeFiles(folder, { "m/config.pbtxt": "version_policy { all {} } max_batch_size: 2" });
  await repository.load("m", plain);
  check.deepEqual(indexLines(core), ["m/1 READY", "m/2 READY"]);
});

const countsOf = (core: InferenceCore, version?: number): readonly number[] => {
  const { config } = core.lookUp("m", version);
  check.equal(config.written?.instance_group.length, config.instanceGroups.length);
  return config.instanceGroups.map(({ count }) => count);
};

const readyCount = (core: InferenceCore): number | undefined => {
  return core.statistics("m")[0]?.instances.ready;
};

test("of another number of instances only those change", async (t) => {
  const { core, repository, folder } = await serveRepository(t, m);
  const serving = core.lookUp("m", 1);
  const changes: readonly (readonly [config: string, counts: readonly number[]])[] = [
    ["instance_group { count: 3 }", [3]],
    ["instance_group [{ count: 1 }, { count: 1 kind: KIND_CPU }]", [1, 1]],
    ["", [1]],
  ];
  for (const [config, counts] of changes) {
    writeFiles(folder, { "m/config.pbtxt": config });
    await repository.load("m", plain);
    check.equal(core.lookUp("m", 1), serving);
    check.deepEqual(countsOf(core), counts);
  }
  await repository.load("m", withConfig({ instance_group: [{ count: 2 }] }));
  check.equal(core.lookUp("m", 1), serving);
  check.equal(readyCount(core), 2);
  check.equal(core.lookUp("m", 1).config.maxBatchSize, 4, "still completed by the graph");
  await repository.load("m", withConfig({ max_batch_size: 2, instance_group: [{ count: 2 }] }));
  check.notEqual(core.lookUp("m", 1), serving);
});

test("instances that cannot be leave those that there are", async (t) => {
  const { core, repository } = await serveRepository(t, m);
  const serving = core.lookUp("m", 1);
  for (const group of [{ count: 1025 }, { gpus: [0] }, { kind: "KIND_GPU" }]) {
    const loading = repository.load("m", withConfig({ instance_group: [group] }));
    await check.rejects(loading, { code: "INVALID_ARGUMENT" });
    check.equal(core.lookUp("m", 1), serving);
    check.deepEqual(countsOf(core), [1]);
  }
});

test("of other versions only those change", async (t) => {
  const files = { ...m, "m/2/model.onnx": addSubGraph(), "m/3/model.onnx": identityGraph("FP32") };
  const { core, repository, folder } = await serveRepository(t, files);
  const latest = core.lookUp("m", 3);
  writeFiles(folder, { "m/config.pbtxt": "version_policy { all {} }" });
  await repository.load("m", plain);
  const [first, second] = [1, 2].map((version) => core.lookUp("m", version));
  check.equal(core.lookUp("m", 3), latest);
  check.deepEqual(latest.config.written?.version_policy, { all: {} });
  writeFiles(folder, { "m/2/model.onnx": addSubGraph(), "m/4/model.onnx": addSubGraph() });
  await repository.load("m", plain);
  check.equal(core.lookUp("m", 1), first);
  check.notEqual(core.lookUp("m", 2), second);
  check.equal(core.lookUp("m", 3), latest);
  check.ok(core.lookUp("m", 4).isReady());
  writeFiles(folder, { "m/labels.txt": "for all versions" });
  await repository.load("m", plain);
  check.notEqual(core.lookUp("m", 1), first);
});

test("where it fails, what served serves on", async (t) => {
  const { core, repository, folder } = await serveRepository(t, m);
  const before = core.lookUp("m", 1);
  const wrongs: Readonly<Record<string, RegExp>> = {
    "max_batch_size: x":
      /failed to poll from model repository: failed to read text proto from .*m\/config\.pbtxt: /,
    "max_batch_size: -1": /^failed to load 'm', failed to poll from model repository: /,
    "max_batch_size: 4 input { name: 'a' data_type: TYPE_INT8 dims: 16 } output { name: 'sum' }":
      /^load failed for model 'm': version 1 is at UNAVAILABLE state: Invalid argument: .*;\n$/s,
  };
  for (const [config, why] of Object.entries(wrongs)) {
    writeFiles(folder, { "m/config.pbtxt": config });
    await check.rejects(repository.load("m", plain), { message: why });
    check.equal(core.lookUp("m", 1), before);
  }
  rmSync(join(folder, "m"), { recursive: true });
  await check.rejects(repository.load("m", plain), {
    code: "INTERNAL",
    message: /failed to poll from model repository: there is no such model/,
  });
  check.equal(core.lookUp("m", 1), before);
});

test("an override holds while the files do, and until the model is unloaded", async (t) => {
  const { core, repository, folder } = await serveRepository(t, m);
  await repository.load("m", withConfig({ max_batch_size: "16" }));
  check.equal(batchOf(core), 16);
  await repository.load("m", plain);
  check.equal(batchOf(core), 16);
  await repository.unload("m");
  await repository.load("m", plain);
  check.equal(batchOf(core), 4);
  await repository.load("m", withConfig({ maxBatchSize: 16 }));
  writeFiles(folder, { "m/labels.txt": "a" });
  await repository.load("m", plain);
  check.equal(batchOf(core), 4);
  await check.rejects(repository.load("m", withConfig({ max_batch_sise: 1 })), {
    code: "INTERNAL",
    message:
      /failed to poll from model repository: Invalid config override: unknown .*max_batch_size/,
  });
});

test("files that are sent are the model, until it is loaded from the repository again", async (t) => {
  const { core, repository } = await serveRepository(t, m);
  const files = { "7/model.onnx": identityGraph("FP32") };
  await repository.load("m", withConfig({ backend: "onnxruntime" }, files));
  check.deepEqual(
    core.lookUp("m", undefined).config.inputs.map(({ name }) => name),
    ["x"],
  );
  await core.unload("m", 1);
  check.deepEqual(indexLines(core), ["m/1 UNAVAILABLE unloaded", "m/7 READY"]);
  await repository.load("new", withConfig({}, { "1/model.onnx": addSubGraph() }));
  check.ok(indexLines(core).includes("new/1 READY"));
  await repository.load("m", plain);
  check.equal(core.lookUp("m", 1).isReady(), true);
  await check.rejects(repository.load("new", plain), /there is no such model/);
  check.ok(!indexLines(core).includes("new/1 READY"));
  await core.unload("new");
  check.ok(indexLines(core).includes("new/1 UNAVAILABLE unloaded"));
});

test("nothing outside is written or read by what is sent", async (t) => {
  const { core, repository, folder } = await serveRepository(t, m);
  const target = join(folder, "evil");
  for (const name of [
    "../evil",
    "1/../../evil",
    target,
    "..\\evil",
    "",
    "1/a\u0000b",
    "x".repeat(300),
  ]) {
    const files = { "1/model.onnx": addSubGraph(), [name]: Uint8Array.of(1) };
    await check.rejects(repository.load("m", withConfig({}, files)), {
      code: "INTERNAL",
      message: /must stay within model directory/,
    });
  }
  check.equal(existsSync(target), false);
  const twice = { "1/model.onnx": addSubGraph(), "1//model.onnx": addSubGraph() };
  await check.rejects(repository.load("m", withConfig({}, twice)), /cannot be written \(EEXIST\)/);
  const files = new Map([["1/model.onnx", addSubGraph()]]);
  await check.rejects(
    repository.load("m", { config: undefined, files }),
    /'config' must be specified/,
  );
  check.deepEqual(indexLines(core), ["m/1 READY"]);
});

test("names that lead elsewhere are none", async (t) => {
  const { repository } = await serveRepository(t, m);
  for (const name of ["..", ".", "a/b", "..\\m", "../m", "m\u0000"]) {
    await check.rejects(repository.load(name, plain), {
      code: "INVALID_ARGUMENT",
      message: /^invalid model name '.*', model name must not contain path traversal characters$/,
    });
  }
  await check.rejects(repository.load("", plain), /^InferenceError: Model name cannot be empty/);
  await repository.unload("..");
  await repository.unload("nobody");
});

test("calls for one model are carried out one after the other", async (t) => {
  const { core, repository } = await serveRepository(t, m);
  const calls = [
    repository.load("m", withConfig({ max_batch_size: 5 })),
    repository.unload("m"),
    repository.load("m", withConfig({ max_batch_size: 6 })),
    repository.load("m", withConfig({ max_batch_size: 7 })),
  ];
  await Promise.all(calls);
  check.equal(batchOf(core), 7);
  check.deepEqual(indexLines(core), ["m/1 READY"]);
});
