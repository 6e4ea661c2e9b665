/** Model repositories of ONNX files, loaded into a core: what serves, and what is said of the rest. */
import { strict as check } from "node:assert";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { modelConfigJson } from "../../core/model-config-json.ts";
import { addSubGraph, identityGraph } from "../../testing/onnx-graphs.ts";
import { type Files, indexLines, serveRepository } from "../../testing/repository-fixture.ts";

test("a folder with a graph is a model, and says what it became", async (t) => {
  const { core, lines, failure } = await serveRepository(t, {
    "add_sub/1/model.onnx": addSubGraph(),
  });
  check.equal(failure, undefined);
  check.deepEqual(indexLines(core), ["add_sub/1 READY"]);
  const shown = modelConfigJson(core.lookUp("add_sub", undefined).config);
  check.deepEqual(
    [shown["platform"], shown["backend"], shown["max_batch_size"], shown["default_model_filename"]],
    ["onnxruntime_onnx", "onnxruntime", 4, "model.onnx"],
  );
  check.deepEqual(shown["dynamic_batching"], {
    preferred_batch_size: [4],
    max_queue_delay_microseconds: 0,
    preserve_ordering: false,
    priority_levels: 0,
    default_priority_level: 0,
    priority_queue_policy: {},
  });
  check.match(lines.join("\n"), /'add_sub' can batch: 'max_batch_size' is 4, the default/);
});

test("the latest version, or those that the policy says", async (t) => {
  const graph = addSubGraph();
  const { core, failure } = await serveRepository(t, {
    "latest/1/model.onnx": graph,
    "latest/3/model.onnx": graph,
    "all/1/model.onnx": graph,
    "all/2/model.onnx": graph,
    "all/config.pbtxt": "version_policy: { all {} } max_batch_size: 8",
  });
  check.equal(failure, undefined);
  check.deepEqual(indexLines(core), ["all/1 READY", "all/2 READY", "latest/3 READY"]);
  check.equal(core.lookUp("all", 1).config.maxBatchSize, 8);
});

const wrong: Readonly<Record<string, readonly [Files, RegExp]>> = {
  "a misspelt field": [
    { "m/1/model.onnx": addSubGraph(), "m/config.pbtxt": "max_batch_sise: 8" },
    /failed to poll from model repository: failed to read text proto from .*m\/config\.pbtxt: line 1, column \d+: .*max_batch_size/,
  ],
  "another name": [
    { "m/1/model.onnx": addSubGraph(), "m/config.pbtxt": 'name: "n"' },
    /^failed to load 'm', failed to poll from model repository: unexpected directory name 'm'/,
  ],
  "no version": [
    { "m/config.pbtxt": 'backend: "onnxruntime"' },
    /at least one version must be available/,
  ],
  "a backend that there is not": [
    { "m/1/model.py": "", "m/config.pbtxt": 'backend: "python"' },
    /unable to find backend library for backend 'python'/,
  ],
  "another file": [
    {
      "m/1/model.onnx": addSubGraph(),
      "m/config.pbtxt": 'backend: "onnxruntime" default_model_filename: "../../secret"',
    },
    /model file '\.\.\/\.\.\/secret' is outside its folder/,
  ],
  "what is no graph": [{ "m/1/model.onnx": "no graph" }, /m/],
  "a shape that the graph does not have": [
    {
      "m/1/model.onnx": addSubGraph(),
      "m/config.pbtxt":
        "max_batch_size: 4 input [ { name: 'a' data_type: TYPE_FP32 dims: 8 }," +
        " { name: 'b' data_type: TYPE_FP32 dims: 16 } ]" +
        " output { name: 'sum' data_type: TYPE_FP32 dims: 16 }",
    },
    /'a'.*\[-1,16\].*\[-1,8\]/s,
  ],
};

for (const [what, [files, why]] of Object.entries(wrong)) {
  test(`wrong: ${what}; the others serve`, async (t) => {
    const { core, failure } = await serveRepository(t, {
      ...files,
      "good/1/model.onnx": addSubGraph(),
    });
    check.match(failure ?? "none", why);
    check.ok(indexLines(core).includes("good/1 READY"));
  });
}

test("a link out of the repository is no model file", async (t) => {
  const outside = realpathSync(mkdtempSync(join(tmpdir(), "shoal-outside-")));
  const path = join(outside, "model.onnx");
  writeFileSync(path, identityGraph("FP32"));
  t.after(() => rmSync(outside, { recursive: true }));
  const { core, failure } = await serveRepository(
    t,
    { "m/1/readme": "" },
    { "m/1/model.onnx": path },
  );
  check.match(failure ?? "", /model file 'model.onnx' is outside its folder/);
  check.deepEqual(indexLines(core), [
    "m/1 UNAVAILABLE Invalid argument: model file 'model.onnx' is outside its folder",
  ]);
});
