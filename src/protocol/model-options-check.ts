/**
 * Check of a model's options: what each may be by itself, and what contradicts another.
 *
 * Used twice: on the spot, where a model is defined, so that the mistake shows at the line that
 * made it; and when the configuration is resolved, whatever it comes from. Whoever takes options
 * of its own (a definition's `inputs`, an ONNX model's `path`) adds them to the table.
 *
 * Not here: what depends on tensors and on the machine (core/resolve-model-config.ts).
 */

import { type Fields, isFields } from "./fields.ts";
import { findInstanceConflicts } from "./instance-conflicts.ts";
import type {
  BatchingOptions,
  CacheOptions,
  InstancesOptions,
  LimitsOptions,
  ModelOptions,
  PrioritiesOptions,
  QueueOptions,
} from "./model-options.ts";
import {
  anyInteger,
  type Check,
  duration,
  eachOf,
  expecting,
  fieldsOf,
  flag,
  isCount,
  mustBe,
  notEmpty,
  oneOf,
  optionally,
  positiveInteger,
} from "./option-checks.ts";
import { findOptionConflicts } from "./option-conflicts.ts";
import { checkWarmup } from "./warmup-check.ts";

/** One check for each field: the compiler sees to it that none is forgotten or made up. */
type ChecksOf<Options> = { readonly [Name in keyof Required<Options>]: Check };

const limitMs = expecting(
  "a number of milliseconds above 0",
  (value) => Number.isFinite(value) && Number(value) > 0,
);

const limitMsOrNone = expecting(
  "a number of milliseconds above 0, or Infinity",
  (value) => typeof value === "number" && value > 0,
);

const positiveNumber = expecting(
  "a number above 0",
  (value) => Number.isFinite(value) && Number(value) > 0,
);

const device = expecting(
  `"cpu", or "cuda:0" and so on`,
  (value) => typeof value === "string" && /^(cpu|cuda:\d+)$/.test(value),
);

/** Each takes a little memory for each request of a batch, whether it runs or not. */
const concurrency = expecting(
  "an integer from 1 to 10000",
  (value) => isCount(value) && value <= 10_000,
);

/** Whether there is such a level, option-conflicts.ts tells. */
const level = expecting("an integer, the level of requests that name none", Number.isSafeInteger);

const countOrAuto: Check = (value, field) =>
  isAutoOrCount(value) ? [] : [mustBe(field, `an integer from 1, or "auto"`, value)];

const queueChecks: ChecksOf<QueueOptions> = {
  maxSize: optionally(positiveInteger),
  timeoutMs: optionally(duration),
  onTimeout: optionally(oneOf(["reject", "delay"])),
  allowTimeoutOverride: optionally(flag),
};

const queue = optionally(fieldsOf(queueChecks));

const prioritiesChecks: ChecksOf<PrioritiesOptions> = {
  levels: positiveInteger,
  default: level,
  queues: optionally((value, field) => {
    if (!isFields(value)) return [mustBe(field, "an object of queue policies by level", value)];
    return Object.entries(value).flatMap(([key, policy]) => queue(policy, `${field}.${key}`));
  }),
};

const batchingChecks: ChecksOf<BatchingOptions> = {
  maxQueueDelayMs: optionally(duration),
  maxCost: optionally(positiveNumber),
  preferredBatchSizes: optionally(eachOf(anyInteger, "a list of batch sizes")),
  preserveOrdering: optionally(flag),
  isolateFailures: optionally(flag),
  priorities: optionally(fieldsOf(prioritiesChecks)),
  queue,
};

const batching = fieldsOf(batchingChecks, "false or an object");

const instancesChecks: ChecksOf<InstancesOptions> = {
  count: optionally(countOrAuto),
  kind: optionally(oneOf(["inline", "thread"])),
  device: optionally(device),
  devices: optionally(notEmpty(eachOf(device, "a list of devices"), "a list of devices")),
  concurrency: optionally(concurrency),
};

const instancesForms = `an integer from 1, "auto", an object or a list of objects`;
const instances = fieldsOf(instancesChecks, instancesForms);
const instancesList = notEmpty(eachOf(fieldsOf(instancesChecks), instancesForms), instancesForms);

const instancesOrCount: Check = (value, field) => {
  if (isAutoOrCount(value)) return [];
  return (Array.isArray(value) ? instancesList : instances)(value, field);
};

const limitsChecks: ChecksOf<LimitsOptions> = {
  maxWaitingRequests: optionally(positiveInteger),
  loadTimeoutMs: optionally(limitMs),
  executionTimeoutMs: optionally(limitMsOrNone),
};

const cacheChecks: ChecksOf<CacheOptions> = { maxBytes: optionally(positiveInteger) };

const cache = fieldsOf(cacheChecks, "true, false or an object");

const optionChecks: ChecksOf<ModelOptions> = {
  maxBatchSize: optionally(positiveInteger),
  batching: optionally((value, field) => (value === false ? [] : batching(value, field))),
  instances: optionally(instancesOrCount),
  limits: optionally(fieldsOf(limitsChecks)),
  cache: optionally((value, field) => (typeof value === "boolean" ? [] : cache(value, field))),
  singleFlight: optionally(flag),
  warmup: optionally(checkWarmup),
};

/** What is wrong with the options of this model; `others` are the options beside those of all. */
export function findOptionMistakes(
  name: string,
  options: Fields,
  others: Readonly<Record<string, Check>> = {},
): readonly string[] {
  const check = fieldsOf({ ...others, ...optionChecks });
  return [
    ...check(options, ""),
    ...findOptionConflicts(name, options),
    ...findInstanceConflicts(options["instances"]),
  ];
}

/** One line each, with the model's name in front. */
export function tellMistakes(name: string, mistakes: readonly string[]): string {
  return mistakes.map((mistake) => `model '${name}': ${mistake}`).join("\n");
}

function isAutoOrCount(value: unknown): boolean {
  return value === "auto" || isCount(value);
}
