/**
 * The wire form of a configuration: the published examples to the byte, then what each part adds.
 *
 * Texts are compared, not objects: the order of keys is part of the protocol.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { ensembleConfig, stepConfig } from "../testing/ensemble-fixture.ts";
import type { ModelConfig, QueuePolicy } from "./model-config.ts";
import { modelConfigJson } from "./model-config-json.ts";
import { type ModelConfigInput, resolveModelConfig } from "./resolve-model-config.ts";

const x = { name: "X", datatype: "INT32", dims: [16], isOptional: false } as const;

function configOf(changes: Partial<ModelConfigInput>): ModelConfig {
  return resolveModelConfig({
    name: "simple",
    version: 1,
    platform: "onnxruntime_onnx",
    backend: "onnxruntime",
    inputs: [x],
    outputs: [{ ...x, name: "Y" }],
    options: {},
    defaultKind: "thread",
    cores: 4,
    defaultModelFilename: "model.onnx",
    ...changes,
  });
}

test("the worked example of the reference, byte for byte", () => {
  const options = { maxBatchSize: 8, batching: { maxQueueDelayMs: 0.1 } };
  check.equal(
    JSON.stringify(modelConfigJson(configOf({ options }))),
    '{"name":"simple","platform":"onnxruntime_onnx","backend":"onnxruntime","runtime":"",' +
      '"version_policy":{"latest":{"num_versions":1}},"max_batch_size":8,"input":[{"name":"X",' +
      '"data_type":"TYPE_INT32","format":"FORMAT_NONE","dims":[16],"is_shape_tensor":false,' +
      '"allow_ragged_batch":false,"optional":false,"is_non_linear_format_io":false}],"output":[{' +
      '"name":"Y","data_type":"TYPE_INT32","dims":[16],"label_filename":"",' +
      '"is_shape_tensor":false,"is_non_linear_format_io":false}],"batch_input":[],' +
      '"batch_output":[],"optimization":{"priority":"PRIORITY_DEFAULT","input_pinned_memory":{' +
      '"enable":true},"output_pinned_memory":{"enable":true},"gather_kernel_buffer_threshold":0,' +
      '"eager_batching":false},"dynamic_batching":{"preferred_batch_size":[8],' +
      '"max_queue_delay_microseconds":100,"preserve_ordering":false,"priority_levels":0,' +
      '"default_priority_level":0,"priority_queue_policy":{}},"instance_group":[{' +
      '"name":"simple","kind":"KIND_CPU","count":1,"gpus":[],"secondary_devices":[],' +
      '"profile":[],"passive":false,"host_policy":""}],"default_model_filename":"model.onnx",' +
      '"cc_model_filenames":{},"metric_tags":{},"parameters":{},"model_warmup":[]}',
  );
});

interface Part {
  readonly what: string;
  readonly changes: Partial<ModelConfigInput>;
  readonly key: string;
  /** Its JSON; undefined: it is left out. */
  readonly expected: string | undefined;
}

const parts: readonly Part[] = [
  {
    what: "a warm-up is an entry for each batch size, and says no path",
    changes: {
      options: {
        warmup: [
          { inputs: "zero", batchSizes: [1, 8], count: 2 },
          { name: "file", inputs: { X: { file: "/home/me/x y.bin" } } },
          { name: "url", inputs: { X: { file: { href: "file:///x%20y.bin" } } } },
          { name: "values", inputs: { X: { values: new Int32Array(16) } } },
          { name: "random", inputs: { X: { random: 4 } } },
        ],
      },
    },
    key: "model_warmup",
    expected:
      '[{"name":"warmup[0]","batch_size":1,"inputs":{"X":{"data_type":"TYPE_INT32","dims":[16],' +
      '"zero_data":true}},"count":2},{"name":"warmup[0]","batch_size":8,"inputs":{"X":{' +
      '"data_type":"TYPE_INT32","dims":[16],"zero_data":true}},"count":2},{"name":"file",' +
      '"batch_size":1,"inputs":{"X":{"data_type":"TYPE_INT32","dims":[16],"input_data_file":' +
      '"x y.bin"}},"count":1},{"name":"url","batch_size":1,"inputs":{"X":{"data_type":' +
      '"TYPE_INT32","dims":[16],"input_data_file":"x y.bin"}},"count":1},{"name":"values",' +
      '"batch_size":1,"inputs":{"X":{"data_type":"TYPE_INT32","dims":[16]}},"count":1},{"name":' +
      '"random","batch_size":1,"inputs":{"X":{"data_type":"TYPE_INT32","dims":[16],' +
      '"random_data":true}},"count":1}]',
  },
  {
    what: "without batching there is none",
    changes: { options: { batching: false } },
    key: "dynamic_batching",
    expected: undefined,
  },
  {
    what: "without batching there is no batch dimension",
    changes: { options: { batching: false } },
    key: "max_batch_size",
    expected: "0",
  },
  {
    what: "sizes, ordering and a policy for all",
    changes: {
      options: {
        batching: {
          preferredBatchSizes: [32, 4],
          preserveOrdering: true,
          queue: { maxSize: 7, allowTimeoutOverride: true },
        },
      },
    },
    key: "dynamic_batching",
    expected:
      '{"preferred_batch_size":[4,32],"max_queue_delay_microseconds":0,"preserve_ordering":true,' +
      '"priority_levels":0,"default_priority_level":0,"default_queue_policy":{' +
      '"timeout_action":"REJECT","default_timeout_microseconds":0,"allow_timeout_override":true,' +
      '"max_queue_size":7},"priority_queue_policy":{}}',
  },
  {
    what: "priorities and their policies, with microseconds that are integers",
    changes: {
      options: {
        maxBatchSize: 1,
        batching: {
          maxQueueDelayMs: 1.0001,
          priorities: {
            levels: 12,
            default: 2,
            queues: { 10: { maxSize: 1 }, 2: { timeoutMs: 0.7005, onTimeout: "delay" } },
          },
        },
      },
    },
    key: "dynamic_batching",
    expected:
      '{"preferred_batch_size":[1],"max_queue_delay_microseconds":1000,' +
      '"preserve_ordering":false,"priority_levels":12,"default_priority_level":2,' +
      '"priority_queue_policy":{"2":{"timeout_action":"DELAY",' +
      '"default_timeout_microseconds":701,"allow_timeout_override":false,"max_queue_size":0},' +
      '"10":{"timeout_action":"REJECT","default_timeout_microseconds":0,' +
      '"allow_timeout_override":false,"max_queue_size":1}}}',
  },
  {
    what: "a policy that only delays what a request's own timeout ends",
    changes: {
      options: { batching: { queue: { onTimeout: "delay", allowTimeoutOverride: true } } },
    },
    key: "dynamic_batching",
    expected:
      '{"preferred_batch_size":[32],"max_queue_delay_microseconds":0,"preserve_ordering":false,' +
      '"priority_levels":0,"default_priority_level":0,"default_queue_policy":{' +
      '"timeout_action":"DELAY","default_timeout_microseconds":0,"allow_timeout_override":true,' +
      '"max_queue_size":0},"priority_queue_policy":{}}',
  },
  {
    what: "an optional, reshaped text",
    changes: {
      inputs: [x, { name: "T", datatype: "BYTES", dims: [1], isOptional: true, reshape: [] }],
    },
    key: "input",
    expected:
      '[{"name":"X","data_type":"TYPE_INT32","format":"FORMAT_NONE","dims":[16],' +
      '"is_shape_tensor":false,"allow_ragged_batch":false,"optional":false,' +
      '"is_non_linear_format_io":false},{"name":"T","data_type":"TYPE_STRING",' +
      '"format":"FORMAT_NONE","dims":[1],"reshape":{"shape":[]},"is_shape_tensor":false,' +
      '"allow_ragged_batch":false,"optional":true,"is_non_linear_format_io":false}]',
  },
  {
    what: "a reshaped output",
    changes: { outputs: [{ ...x, name: "Y", dims: [-1, 6], reshape: [-1, 2, 3] }] },
    key: "output",
    expected:
      '[{"name":"Y","data_type":"TYPE_INT32","dims":[-1,6],"reshape":{"shape":[-1,2,3]},' +
      '"label_filename":"","is_shape_tensor":false,"is_non_linear_format_io":false}]',
  },
  {
    what: "instances on a GPU",
    changes: { options: { instances: { count: 2, device: "cuda:3" } } },
    key: "instance_group",
    expected:
      '[{"name":"simple_0","kind":"KIND_GPU","count":2,"gpus":[3],"secondary_devices":[],' +
      '"profile":[],"passive":false,"host_policy":""}]',
  },
  {
    what: "instances on two GPUs and the CPU",
    changes: { options: { instances: [{ count: 3, devices: ["cuda:3", "cuda:0"] }, {}] } },
    key: "instance_group",
    expected:
      '[{"name":"simple_0","kind":"KIND_GPU","count":2,"gpus":[3],"secondary_devices":[],' +
      '"profile":[],"passive":false,"host_policy":""},' +
      '{"name":"simple_1","kind":"KIND_GPU","count":1,"gpus":[0],"secondary_devices":[],' +
      '"profile":[],"passive":false,"host_policy":""},' +
      '{"name":"simple_2","kind":"KIND_CPU","count":1,"gpus":[],"secondary_devices":[],' +
      '"profile":[],"passive":false,"host_policy":""}]',
  },
  {
    what: "parameters of the backend",
    changes: { parameters: { b: "1", a: "" } },
    key: "parameters",
    expected: '{"b":{"string_value":"1"},"a":{"string_value":""}}',
  },
  {
    what: "streaming",
    changes: { isDecoupled: true },
    key: "model_transaction_policy",
    expected: '{"decoupled":true}',
  },
  {
    what: "a response cache",
    changes: { options: { cache: { maxBytes: 9 } } },
    key: "response_cache",
    expected: '{"enable":true}',
  },
];

for (const { what, changes, key, expected } of parts) {
  test(`${key}: ${what}`, () => {
    check.equal(JSON.stringify(modelConfigJson(configOf(changes))[key]), expected);
  });
}

const policies: readonly Partial<QueuePolicy>[] = [
  { timeoutAction: "DELAY" },
  { defaultTimeoutMs: 1 },
  { allowTimeoutOverride: true },
  { maxQueueSize: 1 },
];

for (const policy of policies) {
  test(`a default policy with ${JSON.stringify(policy)} alone is shown`, () => {
    const config = configOf({});
    const batching = config.dynamicBatching!;
    const defaultQueuePolicy = { ...batching.defaultQueuePolicy, ...policy };
    const dynamicBatching = { ...batching, defaultQueuePolicy };
    const shown = modelConfigJson({ ...config, dynamicBatching })["dynamic_batching"] as object;
    check.ok("default_queue_policy" in shown);
  });
}

test("limits are not shown", () => {
  const limits = { maxWaitingRequests: 5, executionTimeoutMs: Infinity };
  const text = JSON.stringify(modelConfigJson(configOf({ options: { limits } })));
  check.equal(text, JSON.stringify(modelConfigJson(configOf({}))));
});

test("what a client finds in it is what the published order says", () => {
  const keys = Object.keys(modelConfigJson(configOf({ isDecoupled: true })));
  check.deepEqual(keys, [
    "name",
    "platform",
    "backend",
    "runtime",
    "version_policy",
    "max_batch_size",
    "input",
    "output",
    "batch_input",
    "batch_output",
    "optimization",
    "dynamic_batching",
    "instance_group",
    "default_model_filename",
    "cc_model_filenames",
    "metric_tags",
    "parameters",
    "model_warmup",
    "model_transaction_policy",
  ]);
});

test("an ensemble has its steps, and always says whether it streams; it has no instances", () => {
  const steps = [stepConfig("a", { x: "X" }, { y: "Y" }, 3)];
  const config = modelConfigJson(ensembleConfig({ steps, maxInflightRequests: 2 }));
  check.equal(
    JSON.stringify(config["ensemble_scheduling"]),
    '{"step":[{"model_name":"a","model_version":3,"input_map":{"x":"X"},"output_map":{"y":"Y"},' +
      '"model_namespace":""}],"max_inflight_requests":2}',
  );
  check.deepEqual(
    [config["platform"], config["backend"], config["instance_group"], config["optimization"]],
    ["ensemble", "", [], undefined],
  );
  check.deepEqual(config["model_transaction_policy"], { decoupled: false });
});
