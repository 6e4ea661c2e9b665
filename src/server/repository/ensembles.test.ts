/** Ensembles of a repository, over real graphs: their steps come first, and follow them. */
import { strict as check } from "node:assert";
import { rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { LoadOverride } from "../../core/inference-service.ts";
import { modelConfigJson } from "../../core/model-config-json.ts";
import { answerOf, shownOutputs } from "../../testing/core-answer.ts";
import { fp32Tensor } from "../../testing/onnx-fixture.ts";
import { addSubGraph, identityGraph } from "../../testing/onnx-graphs.ts";
import { indexLines, serveRepository, writeFiles } from "../../testing/repository-fixture.ts";

const plain: LoadOverride = { config: undefined, files: new Map() };

const ends = (input: string, output: string): string =>
  `input { name: "${input}" data_type: TYPE_FP32 dims: 2 }
   output { name: "${output}" data_type: TYPE_FP32 dims: 2 }`;

const step = (model: string, inputs: string, outputs: string): string =>
  `step { model_name: "${model}" model_version: -1 ${maps("input_map", inputs)} ${maps("output_map", outputs)} }`;

/** Of `a=b c=d`. */
const maps = (field: string, pairs: string): string => {
  const entries = pairs.split(" ").map((pair) => pair.split("="));
  return entries.map(([key, value]) => `${field} { key: "${key}" value: "${value}" }`).join(" ");
};

/** T = X + X, and Y = T. */
const twice = `platform: "ensemble" max_batch_size: 4 ${ends("X", "Y")}
  ensemble_scheduling {
    ${step("add", "a=X b=X", "sum=T")}
    ${step("same", "x=T", "y=Y")}
  }`;

const models = {
  "add/1/model.onnx": addSubGraph(["rows", 2]),
  "same/1/model.onnx": identityGraph("FP32", ["rows", 2]),
};

// Its name comes before those of its steps.
const all = { ...models, "a_twice/1/empty": "", "a_twice/config.pbtxt": twice };

const x = { X: fp32Tensor([1, 2], [1, 2]) };

test("an ensemble of two models answers, and shows what it is", async (t) => {
  const { core, failure, lines } = await serveRepository(t, all);
  check.equal(failure, undefined);
  check.deepEqual(indexLines(core), ["a_twice/1 READY", "add/1 READY", "same/1 READY"]);
  check.deepEqual(shownOutputs(await answerOf(core, "a_twice", x)), [["Y", [1, 2], [2, 4]]]);
  check.equal(core.statistics("add")[0]?.success.count, 1);
  const shown = modelConfigJson(core.lookUp("a_twice", undefined).config);
  check.deepEqual(
    [shown["instance_group"], shown["default_model_filename"], shown["optimization"]],
    [[], "", undefined],
  );
  check.deepEqual(shown["model_transaction_policy"], { decoupled: false });
  check.equal(core.modelMetadata("a_twice", undefined).platform, "ensemble");
  const loads = lines.filter((line) => line.includes("loaded model"));
  check.equal(loads.length, 3, "each once");
});

test("to load an ensemble loads its steps, and what they need", async (t) => {
  const { core, repository, folder } = await serveRepository(t, {});
  writeFiles(folder, {
    ...all,
    "outer/1/empty": "",
    "outer/config.pbtxt": `platform: "ensemble" max_batch_size: 4 ${ends("A", "B")}
      ensemble_scheduling { ${step("a_twice", "X=A", "Y=M")} ${step("same", "x=M", "y=B")} }`,
  });
  await repository.load("outer", plain);
  check.deepEqual(indexLines(core), [
    "a_twice/1 READY",
    "add/1 READY",
    "outer/1 READY",
    "same/1 READY",
  ]);
  const response = await answerOf(core, "outer", { A: fp32Tensor([1, 2], [3, 4]) });
  check.deepEqual(shownOutputs(response), [["B", [1, 2], [6, 8]]]);
});

test("a step's model takes the ensemble down with it, and either brings it back", async (t) => {
  const { core, repository } = await serveRepository(t, all);
  for (const back of ["add", "a_twice"]) {
    await repository.unload("add");
    await core.unload("add");
    check.deepEqual(indexLines(core), [
      "a_twice/1 UNAVAILABLE unloaded",
      "add/1 UNAVAILABLE unloaded",
      "same/1 READY",
    ]);
    await repository.load(back, plain);
    check.deepEqual(shownOutputs(await answerOf(core, "a_twice", x)), [["Y", [1, 2], [2, 4]]]);
  }
  await repository.unload("a_twice");
  await core.unload("a_twice");
  check.deepEqual(indexLines(core).slice(1), ["add/1 READY", "same/1 READY"]);
});

test("a step that has changed is loaded anew with its ensemble", async (t) => {
  const { core, repository, folder } = await serveRepository(t, all);
  writeFiles(folder, { "add/config.pbtxt": "max_batch_size: 8" });
  await repository.load("a_twice", plain);
  check.equal(core.lookUp("add", undefined).config.maxBatchSize, 8);
});

test("what an ensemble lacks, and what it says then", async (t) => {
  const { core, repository, folder } = await serveRepository(t, all);
  rmSync(join(folder, "same"), { recursive: true });
  await repository.unload("same");
  await core.unload("same");
  await check.rejects(repository.load("a_twice", plain), {
    message:
      "load failed for model 'a_twice': version 1 is at UNAVAILABLE state: Invalid argument: " +
      "ensemble 'a_twice' depends on 'same' which has no loaded version. Model 'same' loading " +
      "failed with error: version 1 is at UNAVAILABLE state: unloaded;;\n",
  });
});

const wrongs: Readonly<Record<string, readonly [string, RegExp]>> = {
  "a model that there is not": [
    `platform: "ensemble" ${ends("X", "Y")} ensemble_scheduling { ${step("none", "x=X", "y=Y")} }`,
    /ensemble e contains models that are not available or ambiguous: none/,
  ],
  "no steps": [
    `platform: "ensemble" ${ends("X", "Y")} ensemble_scheduling { }`,
    /^failed to load 'e', failed to poll from model repository: must specify 'step' for ensemble 'e'/,
  ],
  "no scheduling": [
    `platform: "ensemble" ${ends("X", "Y")}`,
    /ensemble scheduling must be set for ensemble e whose platform is ensemble/,
  ],
  "instances of its own": [
    `platform: "ensemble" instance_group { } ${ends("X", "Y")}
     ensemble_scheduling { ${step("same", "x=X", "y=Y")} }`,
    /instance group should not be specified for ensemble 'e'/,
  ],
  "another datatype": [
    `platform: "ensemble" max_batch_size: 1 input { name: "X" data_type: TYPE_INT8 dims: 2 }
     output { name: "Y" data_type: TYPE_FP32 dims: 2 }
     ensemble_scheduling { ${step("same", "x=X", "y=Y")} }`,
    /inconsistent data type: TYPE_INT8 is inferred from model e while TYPE_FP32 is inferred from model same/,
  ],
  "a version that is not there": [
    `platform: "ensemble" max_batch_size: 1 ${ends("X", "Y")} ensemble_scheduling {
       step { model_name: "same" model_version: 3 ${maps("input_map", "x=X")} ${maps("output_map", "y=Y")} } }`,
    /ensemble 'e' depends on 'same' whose required version 3 is not loaded\./,
  ],
  itself: [
    `platform: "ensemble" ${ends("X", "Y")} ensemble_scheduling { ${step("e", "X=X", "Y=Y")} }`,
    /circular dependency between ensembles: e -> \.\.\. -> e -> e/,
  ],
};

for (const [what, [config, why]] of Object.entries(wrongs)) {
  test(`wrong: ${what}; the others serve`, async (t) => {
    const files = { ...models, "e/1/empty": "", "e/config.pbtxt": config };
    const { core, failure } = await serveRepository(t, files);
    check.match(failure ?? "none", why);
    check.ok(indexLines(core).includes("same/1 READY"));
  });
}

test("ensembles in a circle fail, and nobody waits for ever", async (t) => {
  const other = (name: string): string =>
    `platform: "ensemble" ${ends("X", "Y")} ensemble_scheduling { ${step(name, "X=X", "Y=Y")} }`;
  const { core, repository } = await serveRepository(t, {
    "e/1/empty": "",
    "e/config.pbtxt": other("f"),
    "f/1/empty": "",
    "f/config.pbtxt": other("g"),
    "g/1/empty": "",
    "g/config.pbtxt": other("e"),
  });
  const loads = ["e", "f", "g", "e"].map((name) => repository.load(name, plain));
  for (const load of await Promise.allSettled(loads)) check.equal(load.status, "rejected");
  check.ok(indexLines(core).every((line) => line.includes("UNAVAILABLE Invalid argument: ")));
});
