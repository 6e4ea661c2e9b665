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
import { findInlineDevices, groupFieldsOf } from "../protocol/instance-conflicts.ts";
import { devicesOfInstances, instanceGroups } from "../protocol/instance-groups.ts";
import {
  type BatchingOptions,
  type Device,
  type LimitsOptions,
  type ModelOptions,
  optionDefaults,
  type QueueOptions,
  streamConcurrency,
} from "../protocol/model-options.ts";
import { findOptionMistakes, tellMistakes } from "../protocol/model-options-check.ts";
import { positiveInteger } from "../protocol/option-checks.ts";
import { findRowCountMistakes, findStreamMistakes } from "../protocol/option-conflicts.ts";
import { findWarmupMistakes } from "../protocol/warmup-check.ts";
import { type ConfigTensor, findTensorMistakes } from "./check-tensors.ts";
import type {
  CacheConfig,
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

/** Which instances, and of which kind: what an executor needs besides the configuration. */
export interface ResolvedInstances {
  readonly kind: "inline" | "thread";
  /** Of each instance, by its index. */
  readonly devices: readonly Device[];
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
    instanceGroups: instanceGroupConfigs(input),
    concurrency: resolveInstances(input).concurrency,
    defaultModelFilename: input.defaultModelFilename ?? "",
    isDecoupled: input.isDecoupled ?? false,
    parameters: input.parameters ?? {},
    limits: modelLimits(options.limits),
    cache: cacheConfig(options),
    singleFlight: options.singleFlight ?? false,
    warmup: warmupConfigs(options.warmup, input.inputs),
  };
}

/** Options that `resolveModelConfig` has accepted. */
export function resolveInstances({
  options: { instances },
  defaultKind,
  cores,
  isDecoupled = false,
}: Pick<ModelConfigInput, "options" | "defaultKind" | "cores" | "isDecoupled">): ResolvedInstances {
  const groups = instanceGroups(instances);
  const kind = groups.find((group) => group.kind !== undefined)?.kind ?? defaultKind;
  const asked = groups.find((group) => group.concurrency !== undefined)?.concurrency;
  const concurrency = asked ?? (isDecoupled ? streamConcurrency : 1);
  return { kind, devices: devicesOfInstances(instances, cores), concurrency };
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
    ...(input.isDecoupled === true ? findStreamMistakes({ ...options }, name) : []),
  ];
}

/** Of instances that are inline because nobody said otherwise. */
function findDeviceMistakes({ options: { instances }, defaultKind }: ModelConfigInput) {
  const isSaid = groupFieldsOf(instances).some(({ group }) => group["kind"] !== undefined);
  return isSaid || defaultKind === "thread" ? [] : findInlineDevices(instances);
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
    maxCost: options.maxCost ?? Number.POSITIVE_INFINITY,
    preserveOrdering: options.preserveOrdering ?? false,
    isolatesFailures: options.isolateFailures ?? true,
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

/**
 * A group of the configuration has so many instances on each of its GPUs: so there is one for each
 * device of a group. Those that a user asked for have no names, and are called after their index.
 */
function instanceGroupConfigs({ name, options, cores }: ModelConfigInput): InstanceGroupConfig[] {
  const { instances } = options;
  const counts = instanceGroups(instances).flatMap((group) => {
    const devices = devicesOfInstances(group, cores);
    return [...new Set(devices)].map((device) => {
      return { device, count: devices.filter((other) => other === device).length };
    });
  });
  return counts.map(({ device, count }, index) => {
    const own = instances === undefined ? name : `${name}_${index}`;
    if (device === "cpu") return { name: own, kind: "KIND_CPU", count, gpus: [] };
    return { name: own, kind: "KIND_GPU", count, gpus: [Number(device.slice("cuda:".length))] };
  });
}

function cacheConfig({ cache }: ModelOptions): CacheConfig | undefined {
  if (cache === undefined || cache === false) return undefined;
  const { maxBytes = Number.POSITIVE_INFINITY } = cache === true ? {} : cache;
  return { maxBytes };
}

export function modelLimits(options: LimitsOptions = {}): ModelLimits {
  return {
    maxWaitingRequests: options.maxWaitingRequests ?? optionDefaults.maxWaitingRequests,
    loadTimeoutMs: options.loadTimeoutMs ?? optionDefaults.loadTimeoutMs,
    executionTimeoutMs: options.executionTimeoutMs ?? optionDefaults.executionTimeoutMs,
    restartBackoffMs: 100,
    maxRestartBackoffMs: 30_000,
    maxWrittenOffInstances: 2,
  };
}
