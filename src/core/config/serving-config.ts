/**
 * The configuration that the core serves a model by, from a completed one: our units, our names.
 *
 * Microseconds become milliseconds; a group of instances on several GPUs becomes a group on each,
 * for it counts its instances per GPU; an empty policy is as good as none. Batches are made only if
 * `dynamic_batching` is there, as in Triton.
 *
 * Only configurations without mistakes come here (polling-, loading-, graph-mistakes.ts). What
 * clients see of them is shown-config.ts.
 */
import { assert } from "../../assert.ts";
import { type Datatype, datatypes } from "../../protocol/datatype.ts";
import { noParameters } from "../../protocol/infer.ts";
import { streamConcurrency } from "../../protocol/model-options.ts";
import type { WarmupSource } from "../../protocol/warmup.ts";
import type { ExactInteger, Written } from "../../protocol/written-config.ts";
import type {
  DynamicBatchingConfig,
  InstanceGroupConfig,
  ModelConfig,
  QueuePolicy,
  TensorConfig,
  WarmupConfig,
  WarmupInputConfig,
} from "../model-config.ts";
import { modelLimits } from "../resolve-model-config.ts";
import { ensembleConfig } from "./ensemble-steps.ts";
import type { CompletedConfig } from "./normalise-config.ts";

export interface ServingOptions {
  readonly version: number;
  /** Where a file of the model's warm-up lies, by its name in the configuration. */
  readonly warmupFile: (name: string) => string;
}

export function servingConfig(config: CompletedConfig, options: ServingOptions): ModelConfig {
  const { parameters = {}, dynamic_batching, model_warmup = [] } = config;
  const { metric_tags, ensemble_scheduling } = config;
  const isDecoupled = config.model_transaction_policy?.decoupled === true;
  return {
    name: config.name,
    version: options.version,
    platform: config.platform,
    backend: config.backend,
    maxBatchSize: config.max_batch_size,
    inputs: config.input.map((input) => tensorConfig(input, input.optional === true)),
    outputs: config.output.map((output) => tensorConfig(output, false)),
    dynamicBatching: dynamic_batching && batchingConfig(dynamic_batching),
    instanceGroups: config.instance_group.flatMap(groupConfigs),
    concurrency: isDecoupled ? streamConcurrency : 1,
    defaultModelFilename: config.default_model_filename,
    isDecoupled,
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([key, { string_value = "" }]) => [key, string_value]),
    ),
    limits: modelLimits(),
    cache:
      config.response_cache?.enable === true ? { maxBytes: Number.POSITIVE_INFINITY } : undefined,
    singleFlight: false,
    warmup: model_warmup.flatMap((sample) => warmupConfigs(sample, options)),
    written: config,
    ...(metric_tags && { metricTags: metric_tags }),
    ...(ensemble_scheduling && { ensemble: ensembleConfig(ensemble_scheduling) }),
  };
}

function tensorConfig(
  tensor: Written<"ModelInput"> & Written<"ModelOutput">,
  isOptional: boolean,
): TensorConfig {
  const { name = "", data_type, dims = [], reshape } = tensor;
  return {
    name,
    datatype: datatypeOf(data_type),
    dims: dims.map(Number),
    isOptional,
    reshape: reshape && (reshape.shape ?? []).map(Number),
  };
}

function datatypeOf(configName: string | undefined): Datatype {
  const names = Object.keys(datatypes) as Datatype[];
  const found = names.find((name) => datatypes[name].configName === configName);
  assert(found !== undefined, "demanded by loading-mistakes.ts");
  return found;
}

function batchingConfig(batching: Written<"ModelDynamicBatching">): DynamicBatchingConfig {
  const sizes = new Set(batching.preferred_batch_size);
  const policies = Object.entries(batching.priority_queue_policy ?? {});
  return {
    preferredBatchSizes: [...sizes].sort((one, other) => one - other),
    maxQueueDelayMs: milliseconds(batching.max_queue_delay_microseconds),
    maxCost: Number.POSITIVE_INFINITY,
    preserveOrdering: batching.preserve_ordering === true,
    isolatesFailures: true,
    priorityLevels: Number(batching.priority_levels ?? 0),
    defaultPriorityLevel: Number(batching.default_priority_level ?? 0),
    defaultQueuePolicy: queuePolicy(batching.default_queue_policy),
    priorityQueuePolicies: new Map(
      policies.map(([level, policy]) => [Number(level), queuePolicy(policy)]),
    ),
  };
}

function queuePolicy(policy: Written<"ModelQueuePolicy"> = {}): QueuePolicy {
  return {
    timeoutAction: policy.timeout_action ?? "REJECT",
    defaultTimeoutMs: milliseconds(policy.default_timeout_microseconds),
    allowTimeoutOverride: policy.allow_timeout_override === true,
    maxQueueSize: policy.max_queue_size ?? 0,
  };
}

function milliseconds(microseconds: ExactInteger = 0): number {
  return Number(microseconds) / 1000;
}

function groupConfigs(group: Written<"ModelInstanceGroup">): readonly InstanceGroupConfig[] {
  const { name = "", count = 1, kind, gpus = [], passive } = group;
  const shared = { name, count, ...(passive === true && { isPassive: true }) };
  if (kind !== "KIND_GPU") return [{ ...shared, kind: "KIND_CPU", gpus: [] }];
  return gpus.map((gpu) => ({ ...shared, kind, gpus: [gpu] }));
}

/** A sample of no rows is not run. */
function warmupConfigs(
  sample: Written<"ModelWarmup">,
  options: ServingOptions,
): readonly WarmupConfig[] {
  const { name = "", batch_size: batchSize = 0, count = 0, inputs = {} } = sample;
  if (batchSize === 0) return [];
  const named = Object.entries(inputs).map(([input, written]): WarmupInputConfig => {
    const { data_type, dims = [] } = written;
    const source = warmupSource(written, options);
    return { name: input, datatype: datatypeOf(data_type), dims: dims.map(Number), source };
  });
  return [{ name, batchSize, count: count || 1, inputs: named, parameters: noParameters }];
}

function warmupSource(
  { input_data_file: file, random_data: random }: Written<"ModelWarmup.Input">,
  { warmupFile }: ServingOptions,
): WarmupSource {
  if (file !== undefined) return { file: warmupFile(file) };
  return random === undefined ? { zero: true } : { random: true };
}
