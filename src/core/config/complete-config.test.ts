/**
 * From what was written to what is shown: which backend, what the graph completes, what follows.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { InferenceError } from "../../protocol/errors.ts";
import type { WrittenConfig } from "../../protocol/written-config.ts";
import { completeBackend } from "./complete-backend.ts";
import { completeFromGraph, type Graph } from "./complete-from-graph.ts";
import { type CompletedConfig, normaliseConfig } from "./normalise-config.ts";
import { shownConfig } from "./shown-config.ts";

const onnx = {
  platform: "onnxruntime_onnx",
  backend: "onnxruntime",
  default_model_filename: "model.onnx",
};

type BackendCase = readonly [
  what: string,
  written: WrittenConfig,
  files: readonly string[],
  completed: WrittenConfig,
];

function kept(what: string, written: WrittenConfig, file = "model.onnx"): readonly BackendCase[] {
  return [[what, written, [file], written]];
}

const backends: readonly BackendCase[] = [
  ["nothing but a file", {}, ["model.onnx"], onnx],
  ["a platform", { platform: "onnxruntime_onnx" }, [], onnx],
  ["a backend", { backend: "onnxruntime" }, [], onnx],
  ["a file's name", { default_model_filename: "model.onnx" }, [], onnx],
  [
    "another file's name",
    { backend: "onnxruntime", default_model_filename: "a.onnx" },
    ["model.onnx"],
    { ...onnx, default_model_filename: "a.onnx" },
  ],
  [
    "a file beside another platform",
    { platform: "tensorrt_plan" },
    ["model.onnx"],
    { platform: "tensorrt_plan" },
  ],
  ["a file of another name", {}, ["network.onnx"], {}],
  ["a module", {}, ["model.mjs"], { backend: "function", default_model_filename: "model.mjs" }],
  ["a module beside a graph", {}, ["model.js", "model.onnx"], onnx],
  [
    "a backend for a module",
    { backend: "function" },
    ["model.ts"],
    { backend: "function", default_model_filename: "model.ts" },
  ],
  [
    "one without its file",
    { backend: "function" },
    [],
    { backend: "function", default_model_filename: "model.js" },
  ],
  ["another backend", { backend: "identity" }, ["model.onnx"], { backend: "identity" }],
  ...kept("an ensemble", { platform: "ensemble", default_model_filename: "model.onnx" }),
  ...kept("a file's name of another kind", { default_model_filename: "model.pt" }),
  ...kept("another backend for a file", { backend: "x", default_model_filename: "model.onnx" }),
  ...kept("a module beside another platform", { platform: "x" }, "model.js"),
];

for (const [what, written, files, completed] of backends) {
  test(`the backend: ${what}`, () => check.deepEqual(completeBackend(written, files), completed));
}

/** Two tensors of these shapes. */
function graphOf(input: readonly number[], output: readonly number[]): Graph {
  return {
    inputs: [{ name: "X", datatype: "INT32", shape: input }],
    outputs: [{ name: "Y", datatype: "BYTES", shape: output }],
  };
}

function complete(written: WrittenConfig, graph: Graph, defaultMaxBatchSize = 4): WrittenConfig {
  return completeFromGraph(written, { name: "m", graph, defaultMaxBatchSize }).config;
}

const batching = graphOf([-1, 16], [-1]);
const X = { name: "X", data_type: "TYPE_INT32", dims: [16] } as const;
const Y = { name: "Y", data_type: "TYPE_STRING", dims: [1], reshape: { shape: [] } } as const;

const graphs: readonly [
  what: string,
  written: WrittenConfig,
  graph: Graph,
  completed: WrittenConfig,
][] = [
  [
    "a graph that batches",
    {},
    batching,
    { max_batch_size: 4, input: [X], output: [Y], dynamic_batching: {} },
  ],
  [
    "a size that was written as 0",
    { max_batch_size: 0 },
    batching,
    { max_batch_size: 4, input: [X], output: [Y], dynamic_batching: {} },
  ],
  [
    "a size",
    { max_batch_size: 8 },
    batching,
    { max_batch_size: 8, input: [X], output: [Y], dynamic_batching: {} },
  ],
  ["a size of 1", { max_batch_size: 1 }, batching, { max_batch_size: 1, input: [X], output: [Y] }],
  [
    "a scheduler",
    { sequence_batching: {} },
    batching,
    { max_batch_size: 4, input: [X], output: [Y], sequence_batching: {} },
  ],
  [
    "inputs that are given",
    { input: [{ name: "X" }] },
    batching,
    { max_batch_size: 4, input: [{ name: "X" }], output: [Y], dynamic_batching: {} },
  ],
  [
    "outputs that are given",
    { output: [{ name: "Y" }] },
    batching,
    { max_batch_size: 4, input: [X], output: [{ name: "Y" }], dynamic_batching: {} },
  ],
  [
    "both",
    { input: [X], output: [{ name: "Y" }] },
    batching,
    { input: [X], output: [{ name: "Y" }] },
  ],
  [
    "a graph without batches",
    {},
    graphOf([1, -1], []),
    {
      max_batch_size: 0,
      input: [{ name: "X", data_type: "TYPE_INT32", dims: [1, -1] }],
      output: [{ name: "Y", data_type: "TYPE_STRING", dims: [1] }],
    },
  ],
  [
    "a graph that can batch but for one tensor",
    {},
    graphOf([-1, 16], [2]),
    {
      max_batch_size: 0,
      input: [{ name: "X", data_type: "TYPE_INT32", dims: [-1, 16] }],
      output: [{ name: "Y", data_type: "TYPE_STRING", dims: [2] }],
    },
  ],
];

for (const [what, written, graph, completed] of graphs) {
  test(`from the graph: ${what}`, () => check.deepEqual(complete(written, graph), completed));
}

test("from the graph: no batches by default", () => {
  check.deepEqual(complete({}, graphOf([-1, 16], [-1, 2]), 0), {
    max_batch_size: 0,
    input: [{ name: "X", data_type: "TYPE_INT32", dims: [-1, 16] }],
    output: [{ name: "Y", data_type: "TYPE_STRING", dims: [-1, 2] }],
  });
});

test("batches that the graph cannot have are refused", () => {
  const why = "model does not support batching while non-zero max_batch_size is specified";
  check.throws(() => complete({ max_batch_size: 2 }, graphOf([1], [1])), {
    name: InferenceError.name,
    code: "INVALID_ARGUMENT",
    message: `autofill failed for model 'm': ${why}`,
  });
});

test("what nobody wrote is remarked upon", () => {
  const { remarks } = completeFromGraph({}, { name: "m", graph: batching, defaultMaxBatchSize: 4 });
  check.deepEqual(remarks, [
    "model 'm' can batch: 'max_batch_size' is 4, the default",
    "model 'm' has 'dynamic_batching' with its defaults",
  ]);
});

function normalise(config: WrittenConfig, gpus: readonly number[] = []): CompletedConfig {
  return normaliseConfig(config, { name: "m", gpus, defaultInstanceCount: 2 });
}

test("what follows: a version policy", () => {
  check.deepEqual(normalise({}).version_policy, { latest: { num_versions: 1 } });
  check.deepEqual(normalise({ version_policy: {} }).version_policy, {
    latest: { num_versions: 1 },
  });
  check.deepEqual(normalise({ version_policy: { all: {} } }).version_policy, { all: {} });
});

test("what follows: sizes of batches", () => {
  const sizes = (config: WrittenConfig): unknown => {
    const { dynamic_batching, sequence_batching } = normalise(config);
    return (dynamic_batching ?? sequence_batching?.oldest)?.preferred_batch_size;
  };
  check.deepEqual(sizes({ max_batch_size: 8, dynamic_batching: {} }), [8]);
  check.deepEqual(sizes({ max_batch_size: 8, sequence_batching: { oldest: {} } }), [8]);
  const given = { preferred_batch_size: [2, 4] };
  check.deepEqual(sizes({ max_batch_size: 8, dynamic_batching: given }), [2, 4]);
  check.equal(sizes({ dynamic_batching: {} }), undefined);
});

test("what follows: the silence of a sequence", () => {
  const idle = (written: number): unknown => {
    const sequence_batching = { max_sequence_idle_microseconds: written };
    return normalise({ sequence_batching }).sequence_batching?.max_sequence_idle_microseconds;
  };
  check.equal(idle(0), 1_000_000);
  check.equal(idle(5), 5);
});

test("what follows: instance groups", () => {
  type Groups = WrittenConfig["instance_group"];
  const groups = (written?: Groups, gpus: readonly number[] = []): Groups => {
    return normalise(written === undefined ? {} : { instance_group: written }, gpus).instance_group;
  };
  check.deepEqual(groups(), [{ name: "m", count: 2, kind: "KIND_CPU" }]);
  check.deepEqual(groups([{}]), [{ name: "m_0", count: 2, kind: "KIND_CPU" }]);
  check.deepEqual(
    groups([
      { name: "a", count: 3 },
      { kind: "KIND_MODEL", count: -1 },
    ]),
    [
      { name: "a", count: 3, kind: "KIND_CPU" },
      { name: "m_1", count: 2, kind: "KIND_MODEL" },
    ],
  );
  check.deepEqual(groups([{ count: 1 }, { count: 1, gpus: [1] }, { kind: "KIND_CPU" }], [0, 1]), [
    { name: "m_0", count: 1, kind: "KIND_GPU", gpus: [0, 1] },
    { name: "m_1", count: 1, kind: "KIND_GPU", gpus: [1] },
    { name: "m_2", count: 2, kind: "KIND_CPU" },
  ]);
});

test("what follows: pinned memory, and nothing of that kind for an ensemble", () => {
  const optimization = { input_pinned_memory: { enable: false } };
  check.deepEqual(normalise({ optimization }).optimization, {
    input_pinned_memory: { enable: false },
    output_pinned_memory: { enable: true },
  });
  const ensemble = normalise({ platform: "ensemble" });
  check.equal(ensemble.optimization, undefined);
  check.deepEqual(ensemble.model_transaction_policy, {});
  check.deepEqual(ensemble.instance_group, []);
  check.equal(ensemble.default_model_filename, "");
});

/** model-config.md of the references, section 5. */
test("a whole configuration is shown as Triton shows it", () => {
  const written: WrittenConfig = {
    max_batch_size: 8,
    dynamic_batching: { max_queue_delay_microseconds: 100 },
  };
  const { config } = completeFromGraph(completeBackend(written, ["model.onnx"]), {
    name: "simple",
    graph: {
      inputs: [{ name: "X", datatype: "INT32", shape: [-1, 16] }],
      outputs: [{ name: "Y", datatype: "INT32", shape: [-1, 16] }],
    },
    defaultMaxBatchSize: 4,
  });
  const options = { name: "simple", gpus: [], defaultInstanceCount: 1 };
  const shown =
    '{"name":"simple","platform":"onnxruntime_onnx","backend":"onnxruntime","runtime":"",' +
    '"version_policy":{"latest":{"num_versions":1}},"max_batch_size":8,"input":[{"name":"X",' +
    '"data_type":"TYPE_INT32","format":"FORMAT_NONE","dims":[16],"is_shape_tensor":false,' +
    '"allow_ragged_batch":false,"optional":false,"is_non_linear_format_io":false}],"output":[' +
    '{"name":"Y","data_type":"TYPE_INT32","dims":[16],"label_filename":"",' +
    '"is_shape_tensor":false,"is_non_linear_format_io":false}],"batch_input":[],' +
    '"batch_output":[],"optimization":{"priority":"PRIORITY_DEFAULT","input_pinned_memory":' +
    '{"enable":true},"output_pinned_memory":{"enable":true},"gather_kernel_buffer_threshold":0,' +
    '"eager_batching":false},"dynamic_batching":{"preferred_batch_size":[8],' +
    '"max_queue_delay_microseconds":100,"preserve_ordering":false,"priority_levels":0,' +
    '"default_priority_level":0,"priority_queue_policy":{}},"instance_group":[{"name":"simple",' +
    '"kind":"KIND_CPU","count":1,"gpus":[],"secondary_devices":[],"profile":[],"passive":false,' +
    '"host_policy":""}],"default_model_filename":"model.onnx","cc_model_filenames":{},' +
    '"metric_tags":{},"parameters":{},"model_warmup":[]}';
  check.equal(JSON.stringify(shownConfig(normaliseConfig(config, options))), shown);
});

test("an order that is not that of the schema", () => {
  const shown = shownConfig(
    normalise({
      output: [{ label_filename: "l.txt", reshape: { shape: [1] } }],
      sequence_batching: {
        state: [{ initial_state: [{ zero_data: true, name: "s" }] }],
        direct: {},
      },
      model_warmup: [{ inputs: { X: { zero_data: true } } }],
    }),
  );
  const text = JSON.stringify(shown);
  check.match(text, /"dims":\[\],"reshape":\{"shape":\[1\]\},"label_filename":"l.txt"/);
  check.match(
    text,
    /"initial_state":\[\{"data_type":"TYPE_INVALID","dims":\[\],"name":"s","zero_data":true\}\]/,
  );
  check.match(text, /"sequence_batching":\{"direct":.*"max_sequence_idle_microseconds":1000000/);
  check.match(text, /"inputs":\{"X":\{"data_type":"TYPE_INVALID","dims":\[\],"zero_data":true\}\}/);
});

test("numbers that JSON has no words for", () => {
  const shown = shownConfig(
    normalise({
      dynamic_batching: { priority_levels: 18446744073709551615n },
      model_metrics: {
        metric_control: [{ histogram_options: { buckets: [Number.POSITIVE_INFINITY, 0.5] } }],
      },
    }),
  );
  const text = JSON.stringify(shown);
  check.match(text, /"priority_levels":18446744073709552000,/);
  check.match(text, /"buckets":\["Infinity",0.5\]/);
});
