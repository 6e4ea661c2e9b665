/**
 * Resolving a configuration: defaults, options, instances; and one line for each mistake.
 *
 * Mistakes of single values have their table in protocol/model-options-check.test.ts.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { InferenceError } from "../protocol/errors.ts";
import type { ModelOptions } from "../protocol/model-options.ts";
import type { ConfigTensor } from "./check-tensors.ts";
import type { DynamicBatchingConfig, ModelConfig } from "./model-config.ts";
import {
  type ModelConfigInput,
  type ResolvedInstances,
  resolveInstances,
  resolveModelConfig,
} from "./resolve-model-config.ts";

function tensor(name: string, changes: Partial<ConfigTensor> = {}): ConfigTensor {
  return { name, datatype: "FP32", dims: [-1, 4], isOptional: false, ...changes };
}

function resolve(options: ModelOptions, changes: Partial<ModelConfigInput> = {}): ModelConfig {
  return resolveModelConfig({
    name: "m",
    version: 1,
    platform: "",
    backend: "function",
    inputs: [tensor("x")],
    outputs: [tensor("y")],
    options,
    defaultKind: "inline",
    cores: 8,
    ...changes,
  });
}

test("without options, every default holds", () => {
  const x = { name: "x", datatype: "FP32", dims: [-1, 4], isOptional: false, reshape: undefined };
  check.deepEqual(resolve({}), {
    name: "m",
    version: 1,
    platform: "",
    backend: "function",
    maxBatchSize: 32,
    inputs: [x],
    outputs: [{ ...x, name: "y" }],
    dynamicBatching: {
      preferredBatchSizes: [32],
      maxQueueDelayMs: 0,
      maxCost: Infinity,
      preserveOrdering: false,
      isolatesFailures: true,
      priorityLevels: 0,
      defaultPriorityLevel: 0,
      defaultQueuePolicy: {
        timeoutAction: "REJECT",
        defaultTimeoutMs: 0,
        allowTimeoutOverride: false,
        maxQueueSize: 0,
      },
      priorityQueuePolicies: new Map(),
    },
    instanceGroups: [{ name: "m", kind: "KIND_CPU", count: 1, gpus: [] }],
    concurrency: 1,
    defaultModelFilename: "",
    isDecoupled: false,
    parameters: {},
    limits: {
      maxWaitingRequests: 8192,
      loadTimeoutMs: 120_000,
      executionTimeoutMs: 600_000,
      restartBackoffMs: 100,
      maxRestartBackoffMs: 30_000,
      maxWrittenOffInstances: 2,
    },
    cache: undefined,
    singleFlight: false,
    warmup: [],
  });
});

test("what is given besides the options is kept", () => {
  const given = {
    name: "other",
    version: 3,
    platform: "onnxruntime_onnx",
    backend: "onnxruntime",
    defaultModelFilename: "model.onnx",
    isDecoupled: true,
    parameters: { a: "1" },
  };
  const inputs = [tensor("x", { isOptional: true, dims: [1], reshape: [] }), tensor("z")];
  const config = resolve({}, { ...given, inputs });
  check.deepEqual({ ...config, ...given }, config);
  check.deepEqual(config.inputs, [inputs[0], { ...inputs[1], reshape: undefined }]);
});

test("batching: false has no batch dimension, and needs no input", () => {
  const config = resolve({ batching: false }, { inputs: [] });
  check.equal(config.maxBatchSize, 0);
  check.equal(config.dynamicBatching, undefined);
});

test("options that are undefined are not given", () => {
  const nothing = { maxBatchSize: undefined, batching: undefined, limits: undefined };
  const limits = { loadTimeoutMs: undefined };
  for (const options of [nothing, { limits }]) {
    check.deepEqual(resolve(options as object as ModelOptions), resolve({}));
  }
  const priorities = { levels: 2, default: 1 };
  const noPolicy = { batching: { priorities: { ...priorities, queues: { 2: undefined } } } };
  const expected = resolve({ batching: { priorities } });
  check.deepEqual(resolve(noPolicy as object as ModelOptions), expected);
});

const batchings: readonly [what: string, ModelOptions, Partial<DynamicBatchingConfig>][] = [
  ["the largest batch is preferred", { maxBatchSize: 8 }, { preferredBatchSizes: [8] }],
  [
    "an empty list of preferred sizes is none",
    { maxBatchSize: 8, batching: { preferredBatchSizes: [] } },
    { preferredBatchSizes: [8] },
  ],
  [
    "preferred sizes are sorted, each once",
    { batching: { preferredBatchSizes: [16, 4, 9, 4, 32] } },
    { preferredBatchSizes: [4, 9, 16, 32] },
  ],
  [
    "delay and ordering",
    { batching: { maxQueueDelayMs: 0.1, preserveOrdering: true, isolateFailures: false } },
    { maxQueueDelayMs: 0.1, preserveOrdering: true, isolatesFailures: false },
  ],
  [
    "priorities, with a policy for one of them",
    {
      batching: {
        priorities: { levels: 3, default: 2, queues: { 3: { maxSize: 5, timeoutMs: 7 } } },
        queue: { timeoutMs: 20, onTimeout: "delay", allowTimeoutOverride: true },
      },
    },
    {
      priorityLevels: 3,
      defaultPriorityLevel: 2,
      defaultQueuePolicy: {
        timeoutAction: "DELAY",
        defaultTimeoutMs: 20,
        allowTimeoutOverride: true,
        maxQueueSize: 0,
      },
      priorityQueuePolicies: new Map([
        [
          3,
          {
            timeoutAction: "REJECT",
            defaultTimeoutMs: 7,
            allowTimeoutOverride: false,
            maxQueueSize: 5,
          },
        ],
      ]),
    },
  ],
];

for (const [what, options, expected] of batchings) {
  test(`batching: ${what}`, () => {
    const batching = resolve(options).dynamicBatching;
    check.deepEqual({ ...batching, ...expected }, batching);
  });
}

test("a cache, with a share of its own or without, and single-flight", () => {
  const cacheOf = (cache: ModelOptions["cache"] & {}) => resolve({ cache }).cache;
  check.equal(cacheOf(false), undefined);
  check.deepEqual(cacheOf(true), { maxBytes: Infinity });
  check.deepEqual(cacheOf({}), { maxBytes: Infinity });
  check.deepEqual(cacheOf({ maxBytes: 5 }), { maxBytes: 5 });
  check.equal(resolve({ singleFlight: true }).singleFlight, true);
});

test("limits, of which an execution may have none", () => {
  const limits = { maxWaitingRequests: 2, loadTimeoutMs: 3, executionTimeoutMs: Infinity };
  const resolved = resolve({ limits }).limits;
  check.deepEqual({ ...resolved, ...limits }, resolved);
});

const instances: readonly [ModelOptions["instances"], cores: number, ResolvedInstances][] = [
  [undefined, 8, { kind: "inline", devices: ["cpu"], concurrency: 1 }],
  [3, 8, { kind: "inline", devices: ["cpu", "cpu", "cpu"], concurrency: 1 }],
  ["auto", 3, { kind: "inline", devices: ["cpu", "cpu"], concurrency: 1 }],
  ["auto", 1, { kind: "inline", devices: ["cpu"], concurrency: 1 }],
  [{}, 8, { kind: "inline", devices: ["cpu"], concurrency: 1 }],
  [{ kind: "thread" }, 8, { kind: "thread", devices: ["cpu"], concurrency: 1 }],
  [
    { count: "auto", kind: "thread", device: "cuda:1" },
    3,
    { kind: "thread", devices: ["cuda:1", "cuda:1"], concurrency: 1 },
  ],
];

for (const [asked, cores, expected] of instances) {
  test(`instances: ${JSON.stringify(asked)} on ${cores} cores`, () => {
    const options = asked === undefined ? {} : { instances: asked };
    check.deepEqual(resolveInstances({ options, cores, defaultKind: "inline" }), expected);
    const [group, ...others] = resolve(options, { cores }).instanceGroups;
    check.deepEqual(others, []);
    const isOnCpu = expected.devices[0] === "cpu";
    check.deepEqual(group, {
      name: asked === undefined ? "m" : "m_0",
      kind: isOnCpu ? "KIND_CPU" : "KIND_GPU",
      count: expected.devices.length,
      gpus: isOnCpu ? [] : [1],
    });
  });
}

/** A device with the instances on it, as a group of the configuration has them. */
type OnDevice = readonly [gpu: number | undefined, count: number];

const placements: readonly (readonly [
  ModelOptions["instances"],
  cores: number,
  devices: readonly string[],
  groups: readonly OnDevice[],
])[] = [
  [
    { kind: "thread", devices: ["cuda:0", "cuda:1"] },
    8,
    ["cuda:0", "cuda:1"],
    [
      [0, 1],
      [1, 1],
    ],
  ],
  [
    { kind: "thread", count: 3, devices: ["cuda:1", "cuda:0"] },
    8,
    ["cuda:1", "cuda:0", "cuda:1"],
    [
      [1, 2],
      [0, 1],
    ],
  ],
  [
    { kind: "thread", count: "auto", devices: ["cuda:0", "cuda:1"] },
    2,
    ["cuda:0", "cuda:1"],
    [
      [0, 1],
      [1, 1],
    ],
  ],
  [
    [{ kind: "thread", device: "cuda:2" }, { count: 2 }, { devices: ["cpu", "cuda:2"] }],
    8,
    ["cuda:2", "cpu", "cpu", "cpu", "cuda:2"],
    [
      [2, 1],
      [undefined, 2],
      [undefined, 1],
      [2, 1],
    ],
  ],
];

for (const [asked, cores, devices, groups] of placements) {
  test(`instances on devices: ${JSON.stringify(asked)}`, () => {
    const options = asked === undefined ? {} : { instances: asked };
    const found = resolveInstances({ options, cores, defaultKind: "inline" });
    check.deepEqual(found, { kind: "thread", devices, concurrency: 1 });
    const expected = groups.map(([gpu, count], index) => ({
      name: `m_${index}`,
      kind: gpu === undefined ? "KIND_CPU" : "KIND_GPU",
      count,
      gpus: gpu === undefined ? [] : [gpu],
    }));
    check.deepEqual(resolve(options, { cores }).instanceGroups, expected);
  });
}

test("what all instances share is stated by one group, or by several alike", () => {
  const options = {
    instances: [{}, { concurrency: 3 }, { kind: "thread", concurrency: 3 }],
  } as const;
  const { kind, concurrency } = resolveInstances({ options, cores: 1, defaultKind: "inline" });
  check.deepEqual([kind, concurrency], ["thread", 3]);
  check.equal(resolve(options).concurrency, 3);
});

test("the kind of instances is the default, unless named", () => {
  const options = { instances: 2 };
  check.equal(resolveInstances({ options, cores: 1, defaultKind: "thread" }).kind, "thread");
});

interface Mistake {
  readonly options?: ModelOptions;
  readonly changes?: Partial<ModelConfigInput>;
  /** Without the model's name in front. */
  readonly lines: readonly string[];
}

const mistakes: readonly Mistake[] = [
  { changes: { version: 0 }, lines: ["'version' must be an integer from 1; got 0"] },
  { options: { maxBatchSize: 0 }, lines: ["'maxBatchSize' must be an integer from 1; got 0"] },
  {
    options: { maxBatchSize: 8, batching: { preferredBatchSizes: [0, 4, 16] } },
    lines: [
      "'batching.preferredBatchSizes[0]' must be an integer from 1; got 0 " +
        "(dynamic batching preferred size must be positive for m)",
      "'batching.preferredBatchSizes[2]' must be at most maxBatchSize, which is 8; got 16 " +
        "(dynamic batching preferred size must be <= max batch size for m)",
    ],
  },
  {
    changes: { inputs: [] },
    lines: ["needs an input to count its rows by: declare one, or set 'batching' to false"],
  },
  { changes: { outputs: [] }, lines: ["'outputs' must be at least one tensor; got none"] },
  {
    changes: { outputs: [tensor("y", { isOptional: true })] },
    lines: ["'outputs.y' must not be optional: a model returns all its outputs"],
  },
  {
    options: { instances: { device: "cuda:0" } },
    lines: [
      `'instances.device' must be "cpu" for inline instances: only threads have one; got "cuda:0"`,
    ],
  },
  {
    options: { instances: [{ devices: ["cpu", "cuda:0"] }, { device: "cuda:1" }] },
    lines: [
      `'instances[0].devices' must be "cpu" for inline instances: only threads have one; ` +
        `got ["cpu", "cuda:0"]`,
      `'instances[1].device' must be "cpu" for inline instances: only threads have one; got "cuda:1"`,
    ],
  },
  {
    options: { batching: { preserveOrdering: true, isolateFailures: true } },
    changes: { isDecoupled: true },
    lines: [
      "'batching.preserveOrdering' must be false for a model that streams; got true",
      "'batching.isolateFailures' must be false for a model that streams; got true",
    ],
  },
  {
    options: { instances: { kind: "inline", device: "cuda:0" } },
    changes: { defaultKind: "thread" },
    lines: [
      `'instances.device' must be "cpu" for inline instances: only threads have one; got "cuda:0"`,
    ],
  },
  {
    options: { maxBatchSize: 8, batching: false, limits: { executionTimeoutMs: Number.NaN } },
    changes: { inputs: [tensor("x"), tensor("x")] },
    lines: [
      "'limits.executionTimeoutMs' must be a number of milliseconds above 0, or Infinity; got NaN",
      "'maxBatchSize' must be left out beside batching: false; got 8",
      `'inputs' must have different names; got "x" twice`,
    ],
  },
];

for (const { options = {}, changes = {}, lines } of mistakes) {
  test(`refused: ${lines.join("; ")}`, () => {
    check.throws(
      () => resolve(options, changes),
      (error) => {
        check.ok(error instanceof InferenceError);
        check.equal(error.code, "INVALID_ARGUMENT");
        check.deepEqual(
          error.message.split("\n"),
          lines.map((line) => `model 'm': ${line}`),
        );
        return true;
      },
    );
  });
}
