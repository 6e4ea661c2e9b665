/**
 * Lints: what a valid configuration of a model may not have meant. Batches that cannot come about,
 * and why; more threads than cores; datatypes that JSON cannot carry.
 *
 * The same for models of repositories and of code: what differs is how their fields are called.
 *
 * Not here: fields of no effect (core/config), versions (checked-folder.ts).
 */
import type { ModelConfig, TensorConfig } from "../core/model-config.ts";
import { formatShape } from "../protocol/shape.ts";

export interface Lint {
  readonly field: string;
  readonly message: string;
}

/** What its author calls these. */
export interface FieldNames {
  readonly maxBatchSize: string;
  readonly batching: string;
  readonly preferred: string;
  readonly delay: string;
  readonly timeout: string;
  readonly queueSize: string;
  readonly instances: string;
}

export const configFields: FieldNames = {
  maxBatchSize: "max_batch_size",
  batching: "dynamic_batching",
  preferred: "dynamic_batching.preferred_batch_size",
  delay: "dynamic_batching.max_queue_delay_microseconds",
  timeout: "dynamic_batching.default_queue_policy.default_timeout_microseconds",
  queueSize: "dynamic_batching.default_queue_policy.max_queue_size",
  instances: "instance_group",
};

export const optionFields: FieldNames = {
  maxBatchSize: "maxBatchSize",
  batching: "batching",
  preferred: "batching.preferredBatchSizes",
  delay: "batching.maxQueueDelayMs",
  timeout: "batching.queue.timeoutMs",
  queueSize: "batching.queue.maxSize",
  instances: "instances",
};

export interface Linted {
  readonly config: ModelConfig;
  readonly fields: FieldNames;
  /** Batches were asked for. */
  readonly asksForBatches: boolean;
  /** Of an ONNX graph: whole shapes. */
  readonly shapes: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** That all its instances compute with. */
  readonly threads: number;
  readonly cores: number;
}

export function lintsOf(linted: Linted): readonly Lint[] {
  return [...batchingLints(linted), ...threadLints(linted), ...datatypeLints(linted.config)];
}

function batchingLints(linted: Linted): readonly Lint[] {
  const { config, fields, asksForBatches, shapes } = linted;
  const { maxBatchSize, dynamicBatching } = config;
  if (maxBatchSize <= 1) {
    const fixed = shapes.find(({ shape }) => shape[0] === 1);
    const why =
      fixed === undefined
        ? `${fields.maxBatchSize} is ${maxBatchSize}`
        : `the first dimension of '${fixed.name}', of shape ${formatShape(fixed.shape)}, is fixed`;
    if (!asksForBatches && (maxBatchSize === 1 || fixed === undefined)) return [];
    const field = asksForBatches ? fields.batching : fields.maxBatchSize;
    return [{ field, message: `requests are never batched: ${why}` }];
  }
  return dynamicBatching === undefined ? [] : queueLints(linted, dynamicBatching);
}

function queueLints(
  { config, fields }: Linted,
  batching: NonNullable<ModelConfig["dynamicBatching"]>,
): readonly Lint[] {
  const { maxQueueDelayMs, preferredBatchSizes, defaultQueuePolicy } = batching;
  const { defaultTimeoutMs, timeoutAction, maxQueueSize } = defaultQueuePolicy;
  const lints: Lint[] = [];
  if (maxQueueDelayMs > 0 && preferredBatchSizes.includes(1)) {
    const message = `1 is preferred, so a request leaves alone at once: ${fields.delay} has no effect`;
    lints.push({ field: fields.preferred, message });
  }
  const isEarly = defaultTimeoutMs > 0 && defaultTimeoutMs < maxQueueDelayMs;
  if (isEarly && timeoutAction === "REJECT") {
    const message = `a request is refused after ${defaultTimeoutMs} ms, before its batch leaves (${fields.delay}: ${maxQueueDelayMs} ms)`;
    lints.push({ field: fields.timeout, message });
  }
  if (maxQueueSize > 0 && maxQueueSize < config.maxBatchSize) {
    const message = `at most ${maxQueueSize} requests wait, so batches of ${config.maxBatchSize} single rows never gather`;
    lints.push({ field: fields.queueSize, message });
  }
  return lints;
}

function threadLints({ fields, threads, cores }: Linted): readonly Lint[] {
  if (threads <= cores) return [];
  const message = `its instances compute with ${threads} threads, and there are ${cores} cores`;
  return [{ field: fields.instances, message }];
}

/** Over gRPC they are raw contents. */
const binaryDatatypes = ["FP16", "BF16"];

function datatypeLints({ inputs, outputs }: ModelConfig): readonly Lint[] {
  const of = (role: string, tensors: readonly TensorConfig[]): readonly Lint[] =>
    tensors
      .filter(({ datatype }) => binaryDatatypes.includes(datatype))
      .map(({ name, datatype }) => {
        const message = `JSON cannot carry ${datatype}: clients need binary data, or gRPC`;
        return { field: `${role} '${name}'`, message };
      });
  return [...of("input", inputs), ...of("output", outputs)];
}

export function instanceCount({ instanceGroups }: ModelConfig): number {
  return instanceGroups.reduce((sum, { count, gpus }) => sum + count * Math.max(1, gpus.length), 0);
}
