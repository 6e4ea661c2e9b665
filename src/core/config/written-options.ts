/**
 * Options of a model (protocol/model-options.ts) as a configuration's fields say them: where a model
 * in JavaScript has a config.pbtxt beside it.
 *
 * Here is the mapping of that file's header, read backwards. What is not written is not there.
 */
import type {
  BatchingOptions,
  InstancesOptions,
  ModelOptions,
  QueueOptions,
} from "../../protocol/model-options.ts";
import type { WarmupSample, WarmupSource } from "../../protocol/warmup.ts";
import type { ExactInteger, Written, WrittenConfig } from "../../protocol/written-config.ts";

/** `warmupFile` says where a file of the warm-up lies, by its name. */
export function writtenOptions(
  written: WrittenConfig,
  warmupFile: (name: string) => string,
): ModelOptions {
  const { max_batch_size: rows, dynamic_batching, instance_group, model_warmup } = written;
  const batching = rows === 0 ? false : dynamic_batching && batchingOptions(dynamic_batching);
  return {
    ...(rows !== undefined && rows !== 0 && { maxBatchSize: rows }),
    ...(batching !== undefined && { batching }),
    ...(instance_group && { instances: instance_group.map(instancesOptions) }),
    ...(written.response_cache?.enable !== undefined && { cache: written.response_cache.enable }),
    ...(model_warmup && {
      warmup: model_warmup
        .filter(({ batch_size = 0 }) => batch_size > 0)
        .map((sample) => warmupSample(sample, warmupFile)),
    }),
  };
}

function batchingOptions(written: Written<"ModelDynamicBatching">): BatchingOptions {
  const {
    max_queue_delay_microseconds: delay,
    preferred_batch_size: preferredBatchSizes,
    preserve_ordering: preserveOrdering,
    priority_levels: levels,
    default_priority_level: byDefault = 0,
    default_queue_policy: queue,
    priority_queue_policy: policies = {},
  } = written;
  const queues = Object.entries(policies).map(([level, each]) => [level, queueOptions(each)]);
  return {
    ...(delay !== undefined && { maxQueueDelayMs: milliseconds(delay) }),
    ...(preferredBatchSizes && { preferredBatchSizes }),
    ...(preserveOrdering !== undefined && { preserveOrdering }),
    ...(levels !== undefined && {
      priorities: {
        levels: Number(levels),
        default: Number(byDefault),
        ...(queues.length > 0 && {
          queues: Object.fromEntries(queues) as Readonly<Record<number, QueueOptions>>,
        }),
      },
    }),
    ...(queue && { queue: queueOptions(queue) }),
  };
}

function queueOptions(written: Written<"ModelQueuePolicy">): QueueOptions {
  const {
    timeout_action: action,
    default_timeout_microseconds: timeout,
    allow_timeout_override: allowTimeoutOverride,
    max_queue_size: maxSize = 0,
  } = written;
  return {
    ...(maxSize !== 0 && { maxSize }),
    ...(timeout !== undefined && { timeoutMs: milliseconds(timeout) }),
    ...(action !== undefined && { onTimeout: action === "DELAY" ? "delay" : "reject" }),
    ...(allowTimeoutOverride !== undefined && { allowTimeoutOverride }),
  };
}

function milliseconds(microseconds: ExactInteger): number {
  return Number(microseconds) / 1000;
}

/** A group has so many instances on each of its GPUs; the first one is meant if it names none. */
function instancesOptions(written: Written<"ModelInstanceGroup">): InstancesOptions {
  const { kind, count = 1, gpus = [0] } = written;
  const each = Math.max(1, count);
  if (kind !== "KIND_GPU") return { count: each };
  return { count: each * gpus.length, devices: gpus.map((gpu) => `cuda:${gpu}` as const) };
}

function warmupSample(
  written: Written<"ModelWarmup">,
  warmupFile: (name: string) => string,
): WarmupSample {
  const { name, batch_size: batchSizes = 1, count = 0, inputs = {} } = written;
  const sources = Object.entries(inputs).map(([input, each]) => {
    return [input, warmupSource(each, warmupFile)] as const;
  });
  return {
    ...(name !== undefined && { name }),
    batchSizes,
    ...(count > 0 && { count }),
    inputs: Object.fromEntries(sources),
  };
}

function warmupSource(
  { dims, input_data_file: file, random_data: random }: Written<"ModelWarmup.Input">,
  warmupFile: (name: string) => string,
): WarmupSource {
  const shape = dims && { dims: dims.map(Number) };
  if (file !== undefined) return { ...shape, file: warmupFile(file) };
  return random === undefined ? { ...shape, zero: true } : { ...shape, random: true };
}
