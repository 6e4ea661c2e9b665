/**
 * The wire form of a model configuration, as `GET .../config` shows it.
 *
 * A plain object whose JSON has the published names, in the published order, with 64-bit integers
 * as numbers; defaults are shown, messages that are not set are left out. Durations are
 * microseconds there.
 *
 * Constants are parts of Triton's configuration that this server does not have: empty, or as its
 * own normalising fills them.
 */

import { datatypes } from "../protocol/datatype.ts";
import type { CompletedConfig } from "./config/normalise-config.ts";
import { shownConfig } from "./config/shown-config.ts";
import type { EnsembleConfig } from "./ensemble-config.ts";
import type {
  DynamicBatchingConfig,
  InstanceGroupConfig,
  ModelConfig,
  QueuePolicy,
  TensorConfig,
  WarmupConfig,
  WarmupInputConfig,
} from "./model-config.ts";

type Json = Readonly<Record<string, unknown>>;

export function modelConfigJson(config: ModelConfig): Json {
  const { dynamicBatching, written } = config;
  if (written !== undefined) return shownConfig(withTransactions(written, config));
  return {
    name: config.name,
    platform: config.platform,
    backend: config.backend,
    runtime: "",
    // A model version is loaded by itself, whatever others there are.
    version_policy: { latest: { num_versions: 1 } },
    max_batch_size: config.maxBatchSize,
    input: config.inputs.map(inputJson),
    output: config.outputs.map(outputJson),
    batch_input: [],
    batch_output: [],
    ...(config.ensemble === undefined && { optimization }),
    ...(config.ensemble && { ensemble_scheduling: ensembleJson(config.ensemble) }),
    ...(dynamicBatching && { dynamic_batching: dynamicBatchingJson(dynamicBatching) }),
    instance_group: config.instanceGroups.map(instanceGroupJson),
    default_model_filename: config.defaultModelFilename,
    cc_model_filenames: {},
    metric_tags: {},
    parameters: parametersJson(config.parameters),
    model_warmup: config.warmup.map(warmupJson),
    ...((config.isDecoupled || config.ensemble) && {
      model_transaction_policy: { decoupled: config.isDecoupled },
    }),
    ...(config.cache && { response_cache: { enable: true } }),
  };
}

/** Whether an ensemble streams is what its models say, not its file. */
function withTransactions(written: CompletedConfig, config: ModelConfig): CompletedConfig {
  if (config.ensemble === undefined) return written;
  return { ...written, model_transaction_policy: { decoupled: config.isDecoupled } };
}

const optimization: Json = {
  priority: "PRIORITY_DEFAULT",
  input_pinned_memory: { enable: true },
  output_pinned_memory: { enable: true },
  gather_kernel_buffer_threshold: 0,
  eager_batching: false,
};

function ensembleJson({ steps, maxInflightRequests }: EnsembleConfig): Json {
  const step = steps.map(({ modelName, modelVersion = -1, inputMap, outputMap }) => ({
    model_name: modelName,
    model_version: modelVersion,
    input_map: Object.fromEntries(inputMap),
    output_map: Object.fromEntries(outputMap),
    model_namespace: "",
  }));
  return { step, max_inflight_requests: maxInflightRequests };
}

function warmupJson({ name, batchSize, inputs, count }: WarmupConfig): Json {
  const entries = inputs.map((input) => [input.name, warmupInputJson(input)]);
  return { name, batch_size: batchSize, inputs: Object.fromEntries(entries) as Json, count };
}

/** Values that stand in the definition have no counterpart. Where a file lies is nobody's business. */
function warmupInputJson({ datatype, dims, source }: WarmupInputConfig): Json {
  return {
    data_type: datatypes[datatype].configName,
    dims,
    ...("zero" in source && { zero_data: true }),
    ...("random" in source && { random_data: true }),
    ...("file" in source && { input_data_file: fileName(source.file) }),
  };
}

function fileName(file: string | { readonly href: string }): string {
  const path = typeof file === "string" ? file : decodeURI(file.href);
  return path.split(/[\\/]/).at(-1) ?? "";
}

function inputJson({ name, datatype, dims, reshape, isOptional }: TensorConfig): Json {
  return {
    name,
    data_type: datatypes[datatype].configName,
    format: "FORMAT_NONE",
    dims,
    ...(reshape && { reshape: { shape: reshape } }),
    is_shape_tensor: false,
    allow_ragged_batch: false,
    optional: isOptional,
    is_non_linear_format_io: false,
  };
}

function outputJson({ name, datatype, dims, reshape }: TensorConfig): Json {
  return {
    name,
    data_type: datatypes[datatype].configName,
    dims,
    ...(reshape && { reshape: { shape: reshape } }),
    label_filename: "",
    is_shape_tensor: false,
    is_non_linear_format_io: false,
  };
}

function dynamicBatchingJson(batching: DynamicBatchingConfig): Json {
  const { defaultQueuePolicy, priorityQueuePolicies } = batching;
  const byLevel = [...priorityQueuePolicies].map(([level, policy]) => [level, policyJson(policy)]);
  return {
    preferred_batch_size: batching.preferredBatchSizes,
    max_queue_delay_microseconds: microseconds(batching.maxQueueDelayMs),
    preserve_ordering: batching.preserveOrdering,
    priority_levels: batching.priorityLevels,
    default_priority_level: batching.defaultPriorityLevel,
    ...(isSet(defaultQueuePolicy) && { default_queue_policy: policyJson(defaultQueuePolicy) }),
    priority_queue_policy: Object.fromEntries(byLevel) as Json,
  };
}

/** A policy that says nothing is as good as none. */
function isSet(policy: QueuePolicy): boolean {
  return (
    policy.timeoutAction !== "REJECT" ||
    policy.defaultTimeoutMs !== 0 ||
    policy.allowTimeoutOverride ||
    policy.maxQueueSize !== 0
  );
}

function policyJson(policy: QueuePolicy): Json {
  return {
    timeout_action: policy.timeoutAction,
    default_timeout_microseconds: microseconds(policy.defaultTimeoutMs),
    allow_timeout_override: policy.allowTimeoutOverride,
    max_queue_size: policy.maxQueueSize,
  };
}

function instanceGroupJson({ name, kind, count, gpus }: InstanceGroupConfig): Json {
  return {
    name,
    kind,
    count,
    gpus,
    secondary_devices: [],
    profile: [],
    passive: false,
    host_policy: "",
  };
}

function parametersJson(parameters: Readonly<Record<string, string>>): Json {
  const entries = Object.entries(parameters);
  return Object.fromEntries(entries.map(([key, value]) => [key, { string_value: value }]));
}

function microseconds(durationMs: number): number {
  return Math.round(durationMs * 1000);
}
