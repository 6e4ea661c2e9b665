/** A configuration beside a model in JavaScript: what it adds, and what it must not say. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ModelOptions } from "../../protocol/model-options.ts";
import type { WrittenConfig } from "../../protocol/written-config.ts";
import { type Definition, findDefinitionMistakes, joinedOptions } from "./definition-mistakes.ts";
import { writtenOptions } from "./written-options.ts";

const warmupFile = (name: string): string => `/m/warmup/${name}`;

const options: readonly [what: string, written: WrittenConfig, options: ModelOptions][] = [
  ["nothing", {}, {}],
  ["a size", { max_batch_size: 8 }, { maxBatchSize: 8 }],
  ["no batches", { max_batch_size: 0, dynamic_batching: {} }, { batching: false }],
  ["batching", { dynamic_batching: {} }, { batching: {} }],
  [
    "all of batching",
    {
      dynamic_batching: {
        preferred_batch_size: [2],
        max_queue_delay_microseconds: 100,
        preserve_ordering: false,
        priority_levels: 2,
        default_priority_level: 1,
        default_queue_policy: { max_queue_size: 3, allow_timeout_override: true },
        priority_queue_policy: {
          "1": { timeout_action: "DELAY", default_timeout_microseconds: 1500 },
        },
      },
    },
    {
      batching: {
        maxQueueDelayMs: 0.1,
        preferredBatchSizes: [2],
        preserveOrdering: false,
        priorities: {
          levels: 2,
          default: 1,
          queues: { 1: { timeoutMs: 1.5, onTimeout: "delay" } },
        },
        queue: { maxSize: 3, allowTimeoutOverride: true },
      },
    },
  ],
  [
    "instances",
    { instance_group: [{ count: 2 }, { kind: "KIND_GPU", count: 2, gpus: [0, 1] }] },
    { instances: [{ count: 2 }, { count: 4, devices: ["cuda:0", "cuda:1"] }] },
  ],
  ["a cache", { response_cache: { enable: true } }, { cache: true }],
  [
    "a warm-up",
    {
      model_warmup: [
        { name: "none" },
        {
          name: "s",
          batch_size: 2,
          inputs: { X: { dims: [1], random_data: true }, Y: { input_data_file: "y" } },
        },
      ],
    },
    {
      warmup: [
        {
          name: "s",
          batchSizes: 2,
          inputs: { X: { dims: [1], random: true }, Y: { file: "/m/warmup/y" } },
        },
      ],
    },
  ],
];

for (const [what, written, made] of options) {
  test(`options: ${what}`, () => check.deepEqual(writtenOptions(written, warmupFile), made));
}

test("a configuration adds what the definition leaves open", () => {
  check.deepEqual(
    joinedOptions(
      { cache: true, batching: { maxCost: 5, maxQueueDelayMs: 1 } },
      { maxBatchSize: 8, batching: { preserveOrdering: true } },
    ),
    {
      cache: true,
      maxBatchSize: 8,
      batching: { preserveOrdering: true, maxCost: 5, maxQueueDelayMs: 1 },
    },
  );
  check.deepEqual(joinedOptions({}, { batching: false }), { batching: false });
});

const definition: Definition = {
  name: "m",
  inputs: [{ name: "X", datatype: "FP32", dims: [-1, 2], isOptional: true }],
  outputs: [{ name: "Y", datatype: "BYTES", dims: [1], isOptional: false }],
  options: {},
  isDecoupled: false,
};

const mistakes: readonly [
  what: string,
  written: WrittenConfig,
  own: ModelOptions,
  ...mistakes: string[],
][] = [
  ["nothing", {}, { maxBatchSize: 4 }],
  [
    "the same",
    {
      max_batch_size: 4,
      dynamic_batching: { priority_levels: 1, default_priority_level: 1 },
      input: [{ name: "X", data_type: "TYPE_FP32", dims: [-1, 2], optional: true }],
      output: [{ name: "Y", data_type: "TYPE_STRING" }],
      model_transaction_policy: { decoupled: false },
    },
    { maxBatchSize: 4, batching: { priorities: { default: 1, levels: 1 } } },
  ],
  [
    "other sizes",
    { max_batch_size: 8, dynamic_batching: { preferred_batch_size: [8] } },
    { maxBatchSize: 4, batching: { preferredBatchSizes: [4] } },
    "'max_batch_size' is 8 in the configuration, but 'maxBatchSize' is 4 in the definition",
    "'dynamic_batching.preferred_batch_size' is [8] in the configuration, but " +
      "'batching.preferredBatchSizes' is [4] in the definition",
  ],
  [
    "no batches",
    { max_batch_size: 0 },
    { batching: { maxQueueDelayMs: 1 } },
    "'max_batch_size' is 0 in the configuration, but the definition has 'batching'",
  ],
  [
    "batches",
    { max_batch_size: 2 },
    { batching: false },
    "'max_batch_size' is in the configuration, but 'batching' is false in the definition",
  ],
  ["no batches on both sides", { max_batch_size: 0 }, { batching: false }],
  [
    "instances and a cache",
    { instance_group: [{ count: 2 }], response_cache: { enable: false } },
    { instances: 3, cache: true },
    "'instance_group' is [{\"count\":2}] in the configuration, but 'instances' is 3 in the definition",
    "'response_cache.enable' is false in the configuration, but 'cache' is true in the definition",
  ],
  [
    "tensors",
    {
      input: [{ name: "X", data_type: "TYPE_FP16", dims: [2], optional: false, reshape: {} }],
      output: [{ name: "Z" }],
    },
    {},
    "'data_type' of input 'X' is TYPE_FP16 in the configuration, but TYPE_FP32 in the definition",
    "'dims' of input 'X' is [2] in the configuration, but [-1,2] in the definition",
    "'optional' of input 'X' is false in the configuration, but true in the definition",
    "'reshape' of input 'X' is [] in the configuration, but not there in the definition",
    "unexpected inference output 'Z', allowed outputs are: Y",
  ],
  [
    "streaming",
    { model_transaction_policy: { decoupled: true } },
    {},
    "'model_transaction_policy.decoupled' is true in the configuration, but the definition's " +
      "infer does not stream",
  ],
];

for (const [what, written, own, ...texts] of mistakes) {
  test(`beside a definition: ${what}`, () => {
    const made = writtenOptions(written, warmupFile);
    check.deepEqual(
      findDefinitionMistakes(written, made, { ...definition, options: own }),
      texts.map((text) => `unable to load model 'm', ${text}`),
    );
  });
}
