/**
 * What is wrong with a configuration, in Triton's words: before loading, while loading, and against
 * the graph; and what this server does not have.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import type { WrittenConfig } from "../../protocol/written-config.ts";
import type { Graph } from "./complete-from-graph.ts";
import { findIneffectiveFields, findRefusedFields } from "./config-support.ts";
import { findGraphMistakes } from "./graph-mistakes.ts";
import { findLoadingMistakes } from "./loading-mistakes.ts";
import { normaliseConfig } from "./normalise-config.ts";
import { findPollingMistakes } from "./polling-mistakes.ts";

type Case = readonly [what: string, config: WrittenConfig, ...mistakes: string[]];

const onnx = { backend: "onnxruntime", platform: "onnxruntime_onnx" } as const;

const polling: readonly Case[] = [
  ["nothing", { ...onnx, name: "m", max_batch_size: 8 }],
  [
    "another name",
    { ...onnx, name: "n" },
    "unexpected directory name 'm' for model 'n', directory name must equal model name",
  ],
  ["no backend", {}, "must specify 'platform' or 'backend' for 'm'"],
  [
    "an unknown platform",
    { platform: "tensorrt_plan" },
    "unexpected platform type 'tensorrt_plan' for m",
  ],
  [
    "a pair that is none",
    { platform: "tensorrt_plan", backend: "onnxruntime" },
    "unexpected 'platform' and 'backend' pair, got:tensorrt_plan, onnxruntime",
  ],
  [
    "the other way round",
    { platform: "onnxruntime_onnx", backend: "identity" },
    "unexpected 'platform' and 'backend' pair, got:onnxruntime_onnx, identity",
  ],
  ["a platform of the backend's own", { platform: "x", backend: "python" }],
  [
    "a negative size",
    { ...onnx, max_batch_size: -1 },
    "'max_batch_size' must be non-negative value for m",
  ],
  [
    "preferred sizes",
    { ...onnx, max_batch_size: 4, dynamic_batching: { preferred_batch_size: [4, 0, 5] } },
    "dynamic batching preferred size must be positive for m",
    "dynamic batching preferred size must be <= max batch size for m",
  ],
  [
    "a size that is preferred where there are no batches",
    { ...onnx, dynamic_batching: { preferred_batch_size: [1] } },
    "dynamic batching preferred size must be <= max batch size for m",
  ],
  [
    "levels without a default",
    { ...onnx, dynamic_batching: { priority_levels: 2 } },
    "default priority level must be in range [1, 2] for m",
  ],
  [
    "levels that are not there",
    {
      ...onnx,
      dynamic_batching: {
        priority_levels: 18446744073709551615n,
        default_priority_level: 18446744073709551615n,
        priority_queue_policy: { "0": {} },
      },
    },
    "priority queue policy must have priority level in range [1, 18446744073709551615] for m",
  ],
  [
    "policies without levels",
    { ...onnx, dynamic_batching: { priority_queue_policy: { "3": {} } } },
  ],
  [
    "order among levels",
    {
      ...onnx,
      dynamic_batching: {
        preserve_ordering: true,
        priority_levels: 2,
        default_priority_level: 1,
        priority_queue_policy: {
          "2": { timeout_action: "DELAY", default_timeout_microseconds: 1 },
        },
      },
    },
    "Only one priority level is allowed when 'preserve_ordering' is true for m",
    "Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for m",
  ],
  [
    "a delay that never comes",
    {
      ...onnx,
      dynamic_batching: {
        preserve_ordering: true,
        default_queue_policy: { timeout_action: "DELAY" },
      },
    },
  ],
  [
    "an ensemble without steps",
    { platform: "ensemble", ensemble_scheduling: {} },
    "must specify 'step' for ensemble 'm'",
  ],
  [
    "steps without an ensemble",
    { ...onnx, ensemble_scheduling: {} },
    "ensemble scheduling cannot be set for model 'm' whose platform is not ensemble",
  ],
  [
    "a cache of what streams",
    { ...onnx, response_cache: { enable: true }, model_transaction_policy: { decoupled: true } },
    "Response Cache does not currently support model m with 'decoupled' transaction policy. " +
      "Please disable the response cache.",
  ],
  [
    "a cache of sequences",
    { ...onnx, response_cache: { enable: true }, sequence_batching: {} },
    "Response Cache does not currently support model m with sequence batching scheduler. " +
      "Please disable the response cache.",
  ],
];

for (const [what, config, ...mistakes] of polling) {
  test(`before loading: ${what}`, () =>
    check.deepEqual(findPollingMistakes(config, "m"), mistakes));
}

function normalise(config: WrittenConfig): ReturnType<typeof normaliseConfig> {
  const options = { name: "m", gpus: [], defaultInstanceCount: 1 };
  return normaliseConfig({ backend: "onnxruntime", ...config }, options);
}

const X = { name: "X", data_type: "TYPE_INT32", dims: [2, 3] } as const;

function reshaped(dims: readonly number[], shape: readonly number[]): WrittenConfig {
  return { max_batch_size: 1, output: [{ ...X, dims, reshape: { shape } }] };
}

const backends = ["onnxruntime", "function"];
const dimensionRule = "must be integer >= 1, or -1 to indicate a variable-size dimension";

const loading: readonly Case[] = [
  ["nothing", { input: [X], output: [{ ...X, dims: [-1] }] }],
  ["no name", { input: [{}] }, "model input must specify 'name' for m"],
  [
    "no type and no dims",
    { input: [{ name: "X" }], output: [{ name: "Y", data_type: "TYPE_INVALID", dims: [1] }] },
    "model input 'X' must specify 'data_type' for m",
    "model input 'X' must specify 'dims' for m",
    "model output 'Y' must specify 'data_type' for m",
  ],
  [
    "a dimension of 0",
    { input: [{ ...X, dims: [1, 0] }] },
    `model input 'X' dimension ${dimensionRule} for m`,
  ],
  [
    "one of -2",
    { output: [{ ...X, dims: [-2] }] },
    `model output 'X' dimension ${dimensionRule} for m`,
  ],
  [
    "a picture that is none",
    {
      input: [
        { ...X, format: "FORMAT_NCHW" },
        { ...X, dims: [1, 2, 3], format: "FORMAT_NHWC" },
      ],
    },
    "model input NHWC/NCHW require 3 dims for m",
  ],
  [
    "a tensor of shapes",
    { input: [{ ...X, is_shape_tensor: true }] },
    "shape tensors are only supported for TensorRT platform for m",
  ],
  ["another shape", reshaped([2, 3], [6])],
  ["a scalar", reshaped([1], [])],
  ["variable dimensions between", reshaped([2, 3, -1, 4], [6, -1, 2, 2])],
  [
    "a scalar without batches",
    { input: [{ ...X, dims: [1], reshape: {} }] },
    "model input 'X' cannot have empty reshape for non-batching model as scalar tensors are not " +
      "supported for m",
  ],
  [
    "another size",
    reshaped([2, 3], [5]),
    "model output 'X' has different size for dims and reshape for m",
  ],
  [
    "another size before a variable dimension",
    reshaped([2, -1, 3], [3, -1, 2]),
    "model output 'X' has different size for dims and reshape for m",
  ],
  [
    "other variable dimensions",
    reshaped([2, 3], [6, -1]),
    "model output 'X' has different number of variable-size dimensions for dims and reshape for m",
  ],
  [
    "a wrong shape",
    reshaped([2], [2, 0]),
    `model output 'X' reshape dimensions ${dimensionRule} for m`,
  ],
  [
    "GPUs of instances on the CPU",
    { instance_group: [{ gpus: [0] }, { name: "g", kind: "KIND_MODEL", gpus: [1] }] },
    "instance group m_0 of model m has kind KIND_CPU but specifies one or more GPUs",
    "instance group g of model m has kind KIND_MODEL but specifies one or more GPUs",
  ],
  [
    "an unknown backend",
    { backend: "python" },
    "unable to find backend library for backend 'python', try specifying runtime on the model " +
      "configuration.",
  ],
  ["an ensemble, which has none", { platform: "ensemble", backend: "" }],
  [
    "a warm-up",
    {
      model_warmup: [
        { inputs: { A: { data_type: "TYPE_BOOL", dims: [1], zero_data: true } } },
        {
          name: "s",
          inputs: { B: { dims: [-1], random_data: true }, C: { data_type: "TYPE_BOOL" } },
        },
      ],
    },
    "model_warmup 's' input 'B' must specify 'data_type' for m",
    "warmup setting expects all variable-size dimensions are specified for input 'B'",
    "model_warmup 's' input 'C' must specify 'zero_data', 'random_data' or 'input_data_file' for m",
  ],
];

for (const [what, config, ...mistakes] of loading) {
  test(`while loading: ${what}`, () => {
    check.deepEqual(
      findLoadingMistakes(normalise(config), { gpus: undefined, backends }),
      mistakes,
    );
  });
}

test("while loading: GPUs", () => {
  const config = normalise({ instance_group: [{ name: "g", kind: "KIND_GPU", gpus: [0, 5] }] });
  const on = (gpus: readonly number[] | undefined): unknown =>
    findLoadingMistakes(config, { gpus, backends });
  const group = "instance group g of model m";
  check.deepEqual(on(undefined), [`${group} has kind KIND_GPU but server does not support GPUs`]);
  check.deepEqual(on([]), [`${group} has kind KIND_GPU but no GPUs are available`]);
  check.deepEqual(on([0, 1]), [`${group} specifies invalid or unsupported gpu id 5`]);
  check.deepEqual(on([0, 5]), []);
});

const graph: Graph = {
  inputs: [{ name: "X", datatype: "INT32", shape: [-1, 2, 3] }],
  outputs: [
    { name: "Z", datatype: "FP32", shape: [-1, -1, 4] },
    { name: "Y", datatype: "FP32", shape: [-1] },
  ],
};
const unable = "unable to load model 'm', ";

const against: readonly Case[] = [
  [
    "agreement",
    {
      max_batch_size: 4,
      input: [X],
      output: [{ name: "Y", data_type: "TYPE_FP32", dims: [1], reshape: {} }],
    },
  ],
  [
    "agreement without batches",
    {
      input: [{ ...X, dims: [-1, 2, 3] }],
      output: [{ name: "Y", data_type: "TYPE_FP32", dims: [7] }],
    },
  ],
  [
    "fixed where the graph is not",
    {
      max_batch_size: 4,
      input: [X],
      output: [{ name: "Z", data_type: "TYPE_FP32", dims: [5, 4] }],
    },
  ],
  ["an optional input", { input: [{ ...X, dims: [-1, 2, 3], optional: true }] }],
  ["a missing input", {}, `${unable}configuration expects 0 inputs, model provides 1`],
  [
    "other names",
    { max_batch_size: 1, input: [{ ...X, name: "A" }], output: [{ ...X, name: "B" }] },
    "unexpected inference input 'A', allowed inputs are: X",
    "unexpected inference output 'B', allowed outputs are: Y, Z",
  ],
  [
    "another type",
    { max_batch_size: 1, input: [{ ...X, data_type: "TYPE_FP32" }] },
    `${unable}configuration expects datatype TYPE_FP32 for input 'X', model provides TYPE_INT32`,
  ],
  [
    "another shape",
    { input: [X] },
    `${unable}model 'm', tensor 'X': the model expects 3 dimensions (shape [-1,2,3]) but the model ` +
      "configuration specifies 2 dimensions (shape [2,3])",
  ],
  [
    "another shape in batches",
    { max_batch_size: 1, input: [{ ...X, dims: [2, -1] }] },
    `${unable}model 'm', tensor 'X': the model expects 3 dimensions (shape [-1,2,3]) but the model ` +
      "configuration specifies 3 dimensions (an initial batch dimension because max_batch_size > 0 " +
      "followed by the explicit tensor shape, making complete shape [-1,2,-1])",
  ],
  [
    "an optional input in batches",
    { max_batch_size: 1, input: [{ ...X, optional: true }] },
    `${unable}optional input 'X' is not supported for models that support batching`,
  ],
];

for (const [what, config, ...mistakes] of against) {
  test(`against the graph: ${what}`, () => {
    check.deepEqual(findGraphMistakes(normalise(config), graph), mistakes);
  });
}

test("against the graph: batches that it cannot have, and scalars", () => {
  const fixed: Graph = { inputs: [{ name: "X", datatype: "INT32", shape: [1] }], outputs: [] };
  check.deepEqual(findGraphMistakes(normalise({ max_batch_size: 1, input: [X] }), fixed), [
    `${unable}model 'm', tensor 'X': for the model to support batching the shape should have at ` +
      "least 1 dimension and the first dimension must be -1; but shape expected by the model is [1]",
  ]);
  const scalar: Graph = { inputs: [{ name: "X", datatype: "INT32", shape: [] }], outputs: [] };
  check.deepEqual(findGraphMistakes(normalise({ input: [{ ...X, dims: [1] }] }), scalar), []);
  check.match(
    findGraphMistakes(normalise({ input: [{ ...X, dims: [1, 2] }] }), scalar).join(),
    /the model expects 0 dimensions \(shape \[\]\) but .* 2 dimensions \(shape \[1,2\]\)$/,
  );
});

test("what changes results and is not here is refused by its name", () => {
  const config: WrittenConfig = {
    sequence_batching: {},
    input: [{ allow_ragged_batch: false }, { allow_ragged_batch: true }],
    instance_group: [{ passive: false }],
  };
  check.deepEqual(findRefusedFields(config, "m"), [
    "'sequence_batching' is not supported by this server for m",
    "'input.allow_ragged_batch' is not supported by this server for m",
  ]);
});

test("what only changes speed is told, unless it says nothing", () => {
  const config: WrittenConfig = {
    runtime: "",
    optimization: {
      cuda: { graphs: true },
      priority: "PRIORITY_DEFAULT",
      input_pinned_memory: { enable: false },
      output_pinned_memory: { enable: true },
      gather_kernel_buffer_threshold: 0,
    },
    instance_group: [{ profile: ["a"] }],
  };
  check.deepEqual(findIneffectiveFields(config), [
    "optimization.cuda",
    "optimization.input_pinned_memory.enable",
    "instance_group.profile",
  ]);
});

test("a normalised configuration says nothing of what is not here", () => {
  for (const config of [{}, { platform: "ensemble", ensemble_scheduling: { step: [{}] } }]) {
    check.deepEqual(findRefusedFields(normalise(config), "m"), []);
    check.deepEqual(findIneffectiveFields(normalise(config)), []);
  }
});
