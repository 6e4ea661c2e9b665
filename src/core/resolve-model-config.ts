/**
 * Model configuration, from what a user wrote to its resolved form: checked, every default filled.
 *
 * All mistakes are collected and told at once, one line each: model, field, expectation, value.
 * Nothing is ignored: an option that is unknown, or that another one makes meaningless, is an error.
 *
 * The checks stand elsewhere, because definitions use them too (protocol/model-options-check.ts),
 * or because they are many (check-tensors.ts). Here are those that need the whole model.
 */
import { InferenceError } from "../protocol/errors.ts";
import {
  type BatchingOptions,
  type InstancesOptions,
  type LimitsOptions,
  type ModelOptions,
  optionDefaults,
  type QueueOptions,
  streamConcurrency,
} from "../protocol/model-options.ts";
import { findOptionMistakes, tellMistakes } from "../protocol/model-options-check.ts";
import { mustBe, positiveInteger } from "../protocol/option-checks.ts";
import { findOrderMistakes, findRowCountMistakes } from "../protocol/option-conflicts.ts";
import { findWarmupMistakes } from "../protocol/warmup-check.ts";
import { type ConfigTensor, findTensorMistakes } from "./check-tensors.ts";
import type {
  DynamicBatchingConfig,
  InstanceGroupConfig,
  ModelConfig,
  ModelLimits,
  QueuePolicy,
  TensorConfig,
} from "./model-config.ts";
import { warmupConfigs } from "./warmup-configs.ts";

export interface ModelConfigInput {
  readonly name: string;
  readonly version: number;
  readonly platform: string;
  readonly backend: string;
  readonly inputs: readonly ConfigTensor[];
  readonly outputs: readonly ConfigTensor[];
  readonly options: ModelOptions;
  /** Of its instances, if the options name none. */
  readonly defaultKind: "inline" | "thread";
  /** Of this machine: what `instances: "auto"` counts with. */
  readonly cores: number;
  readonly defaultModelFilename?: string;
  readonly isDecoupled?: boolean;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** How many instances, and of which kind: what an executor needs besides the configuration. */
export interface ResolvedInstances {
  readonly count: number;
  readonly kind: "inline" | "thread";
  readonly device: "cpu" | `cuda:${number}`;
  readonly concurrency: number;
}

/** Throws INVALID_ARGUMENT with one line for each mistake. */
export function resolveModelConfig(input: ModelConfigInput): ModelConfig {
  const mistakes = findMistakes(input);
  if (mistakes.length > 0) {
    throw new InferenceError("INVALID_ARGUMENT", tellMistakes(input.name, mistakes));
  }
  const { options } = input;
  const maxBatchSize =
    options.batching === false ? 0 : (options.maxBatchSize ?? optionDefaults.maxBatchSize);
  return {
    name: input.name,
    version: input.version,
    platform: input.platform,
    backend: input.backend,
    maxBatchSize,
    inputs: input.inputs.map(tensorConfig),
    outputs: input.outputs.map(tensorConfig),
    dynamicBatching: maxBatchSize === 0 ? undefined : dynamicBatching(options, maxBatchSize),
    instanceGroups: [instanceGroup(input)],
    concurrency: resolveInstances(input).concurrency,
    defaultModelFilename: input.defaultModelFilename ?? "",
    isDecoupled: input.isDecoupled ?? false,
    parameters: input.parameters ?? {},
    limits: modelLimits(options.limits),
    warmup: warmupConfigs(options.warmup, input.inputs),
  };
}

/** Options that `resolveModelConfig` has accepted. */
export function resolveInstances({
  options: { instances = {} },
  defaultKind,
  cores,
  isDecoupled = false,
}: Pick<ModelConfigInput, "options" | "defaultKind" | "cores" | "isDecoupled">): ResolvedInstances {
  const asked: InstancesOptions = typeof instances === "object" ? instances : { count: instances };
  const { count: askedCount = 1, kind = defaultKind, device = "cpu" } = asked;
  const count = askedCount === "auto" ? Math.max(1, cores - 1) : askedCount;
  const { concurrency = isDecoupled ? streamConcurrency : 1 } = asked;
  return { count, kind, device, concurrency };
}

/** In Triton's order: what it finds while polling, then what it finds while loading. */
function findMistakes(input: ModelConfigInput): readonly string[] {
  const { name, version, inputs, options } = input;
  const isBatching = options.batching !== false;
  return [
    ...positiveInteger(version, "version"),
    ...findOptionMistakes(name, { ...options }),
    ...findTensorMistakes(input, { isBatching }),
    ...findRowCountMistakes({ ...options }, inputs.length),
    ...findWarmupMistakes({ ...options }, inputs),
    ...findDeviceMistakes(input),
    ...(input.isDecoupled === true ? findOrderMistakes({ ...options }) : []),
  ];
}

function findDeviceMistakes(input: ModelConfigInput): readonly string[] {
  const { kind, device } = resolveInstances(input);
  if (kind !== "inline" || !/^cuda:\d+$/.test(device)) return [];
  return [mustBe("instances.device", `"cpu" for inline instances: only threads have one`, device)];
}

function tensorConfig({ name, datatype, dims, isOptional, reshape }: ConfigTensor): TensorConfig {
  return { name, datatype, dims, isOptional, reshape };
}

function dynamicBatching({ batching }: ModelOptions, maxBatchSize: number): DynamicBatchingConfig {
  const options: BatchingOptions = batching || {};
  const { preferredBatchSizes = [], priorities, queue } = options;
  const sizes = preferredBatchSizes.length === 0 ? [maxBatchSize] : preferredBatchSizes;
  return {
    preferredBatchSizes: [...new Set(sizes)].sort((one, other) => one - other),
    maxQueueDelayMs: options.maxQueueDelayMs ?? 0,
    preserveOrdering: options.preserveOrdering ?? false,
    priorityLevels: priorities?.levels ?? 0,
    defaultPriorityLevel: priorities?.default ?? 0,
    defaultQueuePolicy: queuePolicy(queue),
    priorityQueuePolicies: new Map(
      Object.entries(priorities?.queues ?? {})
        .filter(([, own]) => own !== undefined)
        .map(([level, own]) => [Number(level), queuePolicy(own)]),
    ),
  };
}

function queuePolicy(options: QueueOptions = {}): QueuePolicy {
  return {
    timeoutAction: options.onTimeout === "delay" ? "DELAY" : "REJECT",
    defaultTimeoutMs: options.timeoutMs ?? 0,
    allowTimeoutOverride: options.allowTimeoutOverride ?? false,
    maxQueueSize: options.maxSize ?? 0,
  };
}

/** A group that a user asked for without a name is called after its index. */
function instanceGroup(input: ModelConfigInput): InstanceGroupConfig {
  const { count, device } = resolveInstances(input);
  const name = input.options.instances === undefined ? input.name : `${input.name}_0`;
  if (device === "cpu") return { name, kind: "KIND_CPU", count, gpus: [] };
  const gpu = Number(device.slice("cuda:".length));
  return { name, kind: "KIND_GPU", count, gpus: [gpu] };
}

function modelLimits(options: LimitsOptions = {}): ModelLimits {
  return {
    maxWaitingRequests: options.maxWaitingRequests ?? optionDefaults.maxWaitingRequests,
    loadTimeoutMs: options.loadTimeoutMs ?? optionDefaults.loadTimeoutMs,
    executionTimeoutMs: options.executionTimeoutMs ?? optionDefaults.executionTimeoutMs,
    restartBackoffMs: 100,
    maxRestartBackoffMs: 30_000,
    maxWrittenOffInstances: 2,
  };
}
