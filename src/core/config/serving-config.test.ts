/** What the core serves a model by, from a completed configuration. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { WrittenConfig } from "../../protocol/written-config.ts";
import type { ModelConfig } from "../model-config.ts";
import { normaliseConfig } from "./normalise-config.ts";
import { servingConfig } from "./serving-config.ts";

function serve(config: WrittenConfig): ModelConfig {
  const options = { name: "m", gpus: [0, 1], defaultInstanceCount: 1 };
  const completed = normaliseConfig({ backend: "onnxruntime", ...config }, options);
  return servingConfig(completed, { version: 3, warmupFile: (name) => `/m/warmup/${name}` });
}

const X = { name: "X", data_type: "TYPE_STRING", dims: [2, -1] } as const;

test("names, tensors and parameters", () => {
  const config = serve({
    platform: "p",
    default_model_filename: "f",
    max_batch_size: 4,
    input: [{ ...X, optional: true }],
    output: [{ ...X, dims: [1], reshape: {} }],
    parameters: { a: { string_value: "b" }, c: {} },
  });
  const tensor = { name: "X", datatype: "BYTES", isOptional: false, reshape: undefined } as const;
  const { name, version, platform, backend, maxBatchSize, inputs, outputs, parameters } = config;
  check.deepEqual(
    { name, version, platform, backend, maxBatchSize, inputs, outputs, parameters },
    {
      name: "m",
      version: 3,
      platform: "p",
      backend: "onnxruntime",
      maxBatchSize: 4,
      inputs: [{ ...tensor, dims: [2, -1], isOptional: true }],
      outputs: [{ ...tensor, dims: [1], reshape: [] }],
      parameters: { a: "b", c: "" },
    },
  );
  check.equal(config.defaultModelFilename, "f");
});

test("without dynamic batching nothing is batched, whatever the size", () => {
  check.equal(serve({ max_batch_size: 4 }).dynamicBatching, undefined);
});

test("dynamic batching in milliseconds, sizes in order", () => {
  const { dynamicBatching } = serve({
    max_batch_size: 4,
    dynamic_batching: {
      preferred_batch_size: [4, 2, 4],
      max_queue_delay_microseconds: 150,
      preserve_ordering: true,
      priority_levels: 2,
      default_priority_level: 1,
      default_queue_policy: { max_queue_size: 7 },
      priority_queue_policy: {
        "2": {
          timeout_action: "DELAY",
          default_timeout_microseconds: 18446744073709551615n,
          allow_timeout_override: true,
        },
      },
    },
  });
  check.deepEqual(dynamicBatching, {
    preferredBatchSizes: [2, 4],
    maxQueueDelayMs: 0.15,
    maxCost: Number.POSITIVE_INFINITY,
    preserveOrdering: true,
    isolatesFailures: true,
    priorityLevels: 2,
    defaultPriorityLevel: 1,
    defaultQueuePolicy: {
      timeoutAction: "REJECT",
      defaultTimeoutMs: 0,
      allowTimeoutOverride: false,
      maxQueueSize: 7,
    },
    priorityQueuePolicies: new Map([
      [
        2,
        {
          timeoutAction: "DELAY",
          defaultTimeoutMs: 2 ** 64 / 1000,
          allowTimeoutOverride: true,
          maxQueueSize: 0,
        },
      ],
    ]),
  });
});

test("a group on several GPUs is one on each", () => {
  const groups = serve({ instance_group: [{ count: 2 }, { name: "c", kind: "KIND_CPU" }] });
  check.deepEqual(groups.instanceGroups, [
    { name: "m_0", kind: "KIND_GPU", count: 2, gpus: [0] },
    { name: "m_0", kind: "KIND_GPU", count: 2, gpus: [1] },
    { name: "c", kind: "KIND_CPU", count: 1, gpus: [] },
  ]);
});

test("a model that streams, and one whose answers are kept", () => {
  const streams = serve({ model_transaction_policy: { decoupled: true } });
  check.deepEqual(
    [streams.isDecoupled, streams.concurrency > 1, streams.cache],
    [true, true, undefined],
  );
  const kept = serve({ response_cache: { enable: true } });
  check.deepEqual(kept.cache, { maxBytes: Number.POSITIVE_INFINITY });
  check.deepEqual([kept.isDecoupled, kept.concurrency], [false, 1]);
});

test("warm-up, but for samples of no rows", () => {
  const { warmup } = serve({
    model_warmup: [
      { name: "none", inputs: { X: { data_type: "TYPE_BOOL", zero_data: true } } },
      {
        name: "some",
        batch_size: 2,
        inputs: {
          A: { data_type: "TYPE_INT8", dims: [1], zero_data: true },
          B: { data_type: "TYPE_INT8", random_data: true },
          C: { data_type: "TYPE_INT8", input_data_file: "c.bin" },
        },
      },
    ],
  });
  check.deepEqual(
    warmup.map(({ name, batchSize, count, inputs }) => ({ name, batchSize, count, inputs })),
    [
      {
        name: "some",
        batchSize: 2,
        count: 1,
        inputs: [
          { name: "A", datatype: "INT8", dims: [1], source: { zero: true } },
          { name: "B", datatype: "INT8", dims: [], source: { random: true } },
          { name: "C", datatype: "INT8", dims: [], source: { file: "/m/warmup/c.bin" } },
        ],
      },
    ],
  );
});
