/** All versions of a load come to serve, or none: whatever it was that failed. */
import { strict as check } from "node:assert";
import { rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { InferenceCore } from "../../core/inference-core.ts";
import type { LoadOverride } from "../../core/inference-service.ts";
import { addSubGraph } from "../../testing/onnx-graphs.ts";
import { indexLines, serveRepository, writeFiles } from "../../testing/repository-fixture.ts";

const graph = addSubGraph();

/** Instances that the versions are to have. */
function countsOf(core: InferenceCore): readonly number[] {
  return [1, 2].flatMap((version) => {
    return core.lookUp("m", version).config.instanceGroups.map(({ count }) => count);
  });
}

const plain: LoadOverride = { config: undefined, files: new Map() };

const all = "version_policy { all {} } max_batch_size: ";

const noGraph = /^UNAVAILABLE Invalid argument: .* is not an ONNX model$/;

test("where one version fails, those that serve go on as they are", async (t) => {
  const { core, repository, folder } = await serveRepository(t, {
    "m/1/model.onnx": graph,
    "m/2/model.onnx": graph,
    "m/config.pbtxt": `${all} 2`,
  });
  const before = [core.lookUp("m", 1), core.lookUp("m", 2)];
  writeFiles(folder, { "m/3/model.onnx": "no graph", "m/4/model.onnx": graph });
  const withConfig = (changed: object): LoadOverride => {
    const config = { backend: "onnxruntime", version_policy: { all: {} }, ...changed };
    return { config: JSON.stringify(config), files: new Map() };
  };
  const more = { max_batch_size: 2, instance_group: [{ count: 2, kind: "KIND_CPU" }] };
  for (const override of [plain, withConfig({ max_batch_size: 8 }), withConfig(more)]) {
    await check.rejects(repository.load("m", override), {
      message: /^load failed for model 'm': version 3 is at UNAVAILABLE state: .*;\n$/,
    });
    check.deepEqual([core.lookUp("m", 1), core.lookUp("m", 2)], before);
    check.deepEqual(countsOf(core), [1, 1]);
    const [, , third = "", fourth] = indexLines(core);
    check.match(third.slice("m/3 ".length), noGraph);
    check.equal(fourth, "m/4 UNAVAILABLE unloaded");
  }
  check.equal(core.isReady(), false);
  rmSync(join(folder, "m", "3"), { recursive: true });
  await repository.load("m", plain);
  check.deepEqual(indexLines(core), [
    "m/1 READY",
    "m/2 READY",
    "m/3 UNAVAILABLE unloaded",
    "m/4 READY",
  ]);
  check.equal(core.isReady(), true, "what has failed is gone, and forgotten");
});

test("of what a client sends all serves, or nothing", async (t) => {
  const { core, repository } = await serveRepository(t, {}, {}, { names: [] });
  const files = new Map([
    ["1/model.onnx", graph],
    ["2/model.onnx", new Uint8Array(9)],
  ]);
  const config = JSON.stringify({ backend: "onnxruntime", version_policy: { all: {} } });
  await check.rejects(repository.load("m", { config, files }), /version 2 is at UNAVAILABLE state/);
  const [first, second = ""] = indexLines(core);
  check.equal(first, "m/1 UNAVAILABLE unloaded");
  check.match(second.slice("m/2 ".length), noGraph);
});
