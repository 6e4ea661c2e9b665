/** Every refusal of an ensemble with its text, and what a plan of a sound one says. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { TensorDeclaration } from "../protocol/model-options.ts";
import { ensembleConfig, stepConfig, stepModel } from "../testing/ensemble-fixture.ts";
import type { EnsembleStepConfig } from "./ensemble-config.ts";
import { graphMistake, surroundingMistake } from "./ensemble-graph.ts";
import { planEnsemble } from "./ensemble-plan.ts";
import type { ModelConfig } from "./model-config.ts";

const a = stepModel({ name: "a" });
const b = stepModel({ name: "b" });
const first = stepConfig("a", { x: "X" }, { y: "T" });
const second = stepConfig("b", { x: "T" }, { y: "Y" });

test("a chain: its tensors, who reads them, and what each step is asked for", () => {
  const plan = planEnsemble(ensembleConfig({ steps: [first, second] }), [a, b]);
  const [x, y, t] = [0, 1, 2];
  check.equal(plan.tensorCount, 3);
  check.deepEqual(
    plan.readers.map((steps) => steps.map(({ index }) => index)),
    [[0], [], [1]],
  );
  check.deepEqual(
    plan.steps.map(({ inputs, outputs }) => [inputs[0]?.tensor, outputs[0]?.tensor]),
    [
      [x, t],
      [t, y],
    ],
  );
  check.deepEqual(plan.isShared, [false, false, false]);
  check.equal(plan.isDecoupled, false);
  check.deepEqual([plan.inputs[x]?.name, plan.outputs[0]?.name], ["X", "Y"]);
});

test("a step is asked for what is mapped, and for everything if all is", () => {
  const two = stepModel({ name: "a", outputs: ["y", "z"] });
  const plan = planEnsemble(ensembleConfig({ steps: [first, second] }), [two, b]);
  check.deepEqual(
    plan.steps.map(({ requestedOutputs }) => requestedOutputs),
    [["y"], []],
  );
});

test("what several read is nobody's own", () => {
  const join = stepModel({ name: "c", inputs: ["x", "w"] });
  const steps = [first, stepConfig("c", { x: "T", w: "X" }, { y: "Y" })];
  const plan = planEnsemble(ensembleConfig({ steps }), [a, join]);
  check.deepEqual(plan.isShared, [true, false, false]);
  const given = { steps: [first, second], outputs: ["Y", "T"] };
  check.deepEqual(planEnsemble(ensembleConfig(given), [a, b]).isShared, [false, false, true]);
});

test("each step that streams opens a level", () => {
  const streaming = stepModel({ name: "a", isDecoupled: true });
  const steps = [
    first,
    stepConfig("a", { x: "T" }, { y: "U" }),
    stepConfig("b", { x: "U" }, { y: "Y" }),
  ];
  const plan = planEnsemble(ensembleConfig({ steps }), [streaming, streaming, b]);
  check.deepEqual(
    plan.steps.map(({ level, nextLevel }) => [level, nextLevel]),
    [
      [0, 1],
      [1, 2],
      [2, 2],
    ],
  );
  check.equal(plan.isDecoupled, true);
});

test("an optional input of a model need not be mapped", () => {
  const optional = stepModel({ name: "a", inputs: ["x", "w"], optional: ["w"] });
  const plan = planEnsemble(ensembleConfig({ steps: [first, second] }), [optional, b]);
  check.deepEqual(
    plan.steps[0]?.inputs.map(({ name }) => name),
    ["x"],
  );
});

test("a dimension that is open fits any, whoever leaves it open", () => {
  for (const [one, other] of [
    [-1, 3],
    [3, -1],
  ] as const) {
    const models = [stepModel({ name: "a", dims: [one] }), stepModel({ name: "b", dims: [other] })];
    const ensemble = ensembleConfig({ steps: [first, second], dims: [-1] });
    check.equal(planEnsemble(ensemble, models).steps.length, 2);
  }
});

test("with and without a batch dimension, if the whole shapes fit", () => {
  const unbatched = stepModel({ name: "b", maxBatchSize: 0, dims: [-1, 2] });
  const config = ensembleConfig({ steps: [first, second], maxBatchSize: 4, dims: [2] });
  const batched = stepModel({ name: "a", maxBatchSize: 8, dims: [2] });
  check.equal(planEnsemble(config, [batched, unbatched]).steps[1]?.isBatching, false);
});

interface Refusal {
  readonly text: string;
  readonly steps: readonly EnsembleStepConfig[];
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

const byItself: readonly Refusal[] = [
  { text: "must specify 'step' for ensemble 'e'", steps: [] },
  {
    text: "must specify 'model_name' in step 0 of ensemble 'e'",
    steps: [stepConfig("", { x: "X" }, { y: "Y" })],
  },
  {
    text: "must specify 'input_map' in step 1 of ensemble 'e'",
    steps: [first, stepConfig("b", {}, { y: "Y" })],
  },
  {
    text: "must specify 'output_map' in step 0 of ensemble 'e'",
    steps: [stepConfig("a", { x: "X" }, {})],
  },
  {
    text: "ensemble tensor 'Y' can appear in an output map only once for ensemble 'e' step 1",
    steps: [stepConfig("a", { x: "X" }, { y: "Y" }), stepConfig("b", { x: "X" }, { y: "Y" })],
  },
  {
    text: "ensemble input 'W' for ensemble e' is not used",
    steps: [first, second],
    inputs: ["X", "W"],
  },
  {
    text: "ensemble output 'Z' for ensemble e' is not used",
    steps: [first, second],
    outputs: ["Y", "Z"],
  },
  {
    text: "output 'T' for ensemble 'e' is not written",
    steps: [stepConfig("b", { x: "T" }, { y: "Y" }), stepConfig("a", { x: "X" }, { y: "V" })],
    outputs: ["T"],
  },
  {
    text: "output 'Y' for ensemble 'e' is not written: at least one of its depending tensors, 'T', is not connected",
    steps: [second, stepConfig("a", { x: "X" }, { y: "V" })],
  },
  {
    text: "output 'Y' for ensemble 'e' is not written: at least one of its depending tensors, 'V', is not connected",
    steps: [
      stepConfig("a", { x: "X", w: "V" }, { y: "Y" }),
      stepConfig("b", { x: "U" }, { y: "V" }),
      stepConfig("b", { x: "V" }, { y: "U" }),
    ],
  },
  {
    text: "ensemble tensor 'V' is unused in ensemble 'e'",
    steps: [stepConfig("a", { x: "X" }, { y: "Y", z: "V" })],
  },
  {
    text: "ensemble tensor 'U' is unused in ensemble 'e'",
    steps: [
      stepConfig("a", { x: "X" }, { y: "Y" }),
      stepConfig("b", { x: "U" }, { y: "V" }),
      stepConfig("b", { x: "V" }, { y: "U" }),
    ],
  },
  {
    text: "ensemble input 'X' for ensemble 'e' is written by a step, too",
    steps: [stepConfig("a", { x: "X" }, { y: "Y", z: "X" })],
  },
];

for (const { text, steps, inputs, outputs } of byItself) {
  test(`by itself: ${text}`, () => {
    const changes = { steps, ...(inputs && { inputs }), ...(outputs && { outputs }) };
    const config = ensembleConfig(changes);
    check.equal(graphMistake({ ...config, steps }), text);
    check.throws(() => planEnsemble(config, []), { code: "INVALID_ARGUMENT", message: text });
  });
}

const plain = {
  name: "e",
  platform: "ensemble",
  hasEnsembleScheduling: true,
  instanceGroupCount: 0,
  hasOptimization: false,
  warmupCount: 0,
};

const surroundings: readonly [changes: Partial<typeof plain>, text: string | undefined][] = [
  [{}, undefined],
  [{ platform: "onnxruntime_onnx", hasEnsembleScheduling: false, warmupCount: 1 }, undefined],
  [
    { hasEnsembleScheduling: false },
    "ensemble scheduling must be set for ensemble e whose platform is ensemble",
  ],
  [
    { platform: "" },
    "ensemble scheduling cannot be set for model 'e' whose platform is not ensemble",
  ],
  [{ instanceGroupCount: 1 }, "instance group should not be specified for ensemble 'e'"],
  [{ hasOptimization: true }, "optimization should not be specified for ensemble 'e'"],
  [{ warmupCount: 2 }, "model_warmup can not be specified for ensemble 'e'"],
];

for (const [changes, text] of surroundings) {
  test(`around its steps: ${text ?? `nothing, with ${JSON.stringify(changes)}`}`, () => {
    check.equal(surroundingMistake({ ...plain, ...changes }), text);
  });
}

interface ModelRefusal {
  readonly text: string;
  readonly steps?: readonly EnsembleStepConfig[];
  readonly models: readonly ModelConfig[];
  readonly ensemble?: Parameters<typeof ensembleConfig>[0];
}

const chain = [first, second];

const besideModels: readonly ModelRefusal[] = [
  {
    text: "ensemble e allows maximum batch size 8, but it contains model b which only allows maximum batch size to be 4",
    models: [stepModel({ name: "a", maxBatchSize: 8 }), stepModel({ name: "b", maxBatchSize: 4 })],
    ensemble: { maxBatchSize: 8 },
  },
  {
    text: "in ensemble e, ensemble tensor X is mapping to non-existing input w in model a",
    steps: [stepConfig("a", { x: "X", w: "X" }, { y: "T" }), second],
    models: [a, b],
  },
  {
    text: "in ensemble e, ensemble tensor T is mapped from non-existing output z in model a",
    steps: [stepConfig("a", { x: "X" }, { z: "T" }), second],
    models: [a, b],
  },
  {
    text: "in ensemble e, input w in model b is not mapped to any ensemble tensors",
    models: [a, stepModel({ name: "b", inputs: ["x", "w"] })],
  },
  {
    text: "in ensemble e, ensemble tensor T: inconsistent data type: TYPE_FP32 is inferred from model a while TYPE_INT64 is inferred from model b",
    models: [a, stepModel({ name: "b", inputs: [int64("x")] })],
  },
  {
    text: "in ensemble e, ensemble tensor X: inconsistent data type: TYPE_FP32 is inferred from model e while TYPE_INT64 is inferred from model a",
    models: [stepModel({ name: "a", inputs: [int64("x")] }), b],
  },
  {
    text: "in ensemble e, ensemble tensor T: inconsistent shape: [1] is inferred from model a while [3] is inferred from model b",
    models: [a, stepModel({ name: "b", dims: [3] })],
  },
  {
    text: "in ensemble e, ensemble tensor X: inconsistent shape: [-1,1] is inferred from model e while [3] is inferred from model a",
    models: [stepModel({ name: "a", dims: [3] }), b],
    ensemble: { maxBatchSize: 4 },
  },
  {
    text: "in ensemble e, step of model 'b' receives inputs originated from different decoupled models",
    steps: [first, stepConfig("b", { x: "T", w: "X" }, { y: "Y" })],
    models: [
      stepModel({ name: "a", isDecoupled: true }),
      stepModel({ name: "b", inputs: ["x", "w"] }),
    ],
  },
  {
    text: "in ensemble e, step of model 'e' receives inputs originated from different decoupled models",
    steps: [first, stepConfig("b", { x: "X" }, { y: "Y" })],
    models: [stepModel({ name: "a", isDecoupled: true }), b],
    ensemble: { outputs: ["T", "Y"] },
  },
];

for (const { text, steps = chain, models, ensemble } of besideModels) {
  test(`beside its models: ${text}`, () => {
    const config = ensembleConfig({ steps, ...ensemble });
    check.throws(() => planEnsemble(config, models), { code: "INVALID_ARGUMENT", message: text });
  });
}

function int64(name: string): TensorDeclaration {
  return { name, datatype: "INT64", dims: [1], isOptional: false };
}
