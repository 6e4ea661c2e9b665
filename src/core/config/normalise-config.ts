/**
 * A completed configuration with what follows from it filled in, as everything after this reads it
 * and as clients see it: version policy, preferred batch sizes, instance groups, pinned memory.
 *
 * Not here: defaults of plain fields, which shown-config.ts prints.
 */
import type { Written, WrittenConfig } from "../../protocol/written-config.ts";
import { ensemblePlatform } from "./complete-backend.ts";

/** What is always there. */
export type CompletedConfig = WrittenConfig &
  Required<
    Pick<
      WrittenConfig,
      | "name"
      | "platform"
      | "backend"
      | "version_policy"
      | "max_batch_size"
      | "input"
      | "output"
      | "instance_group"
      | "default_model_filename"
    >
  >;

export interface NormalisingOptions {
  /** Of the model. */
  readonly name: string;
  /** Numbers of the GPUs that models can run on. */
  readonly gpus: readonly number[];
  /** Instances of a group that does not count them. */
  readonly defaultInstanceCount: number;
}

/** Longest silence of a sequence, if nobody says: a second. */
const defaultIdleMicroseconds = 1_000_000;

export function normaliseConfig(
  config: WrittenConfig,
  options: NormalisingOptions,
): CompletedConfig {
  const isEnsemble = config.platform === ensemblePlatform;
  const maxBatchSize = config.max_batch_size ?? 0;
  const { version_policy = {}, dynamic_batching, sequence_batching } = config;
  const isLatest = Object.keys(version_policy).length === 0;
  return {
    ...config,
    name: config.name || options.name,
    platform: config.platform ?? "",
    backend: config.backend ?? "",
    version_policy: isLatest ? { latest: { num_versions: 1 } } : version_policy,
    max_batch_size: maxBatchSize,
    input: config.input ?? [],
    output: config.output ?? [],
    ...(dynamic_batching && { dynamic_batching: withSizes(dynamic_batching, maxBatchSize) }),
    ...(sequence_batching && { sequence_batching: withIdle(sequence_batching, maxBatchSize) }),
    ...(isEnsemble
      ? { model_transaction_policy: config.model_transaction_policy ?? {} }
      : { optimization: withPinnedMemory(config.optimization) }),
    instance_group: isEnsemble ? (config.instance_group ?? []) : instanceGroups(config, options),
    default_model_filename: config.default_model_filename ?? "",
  };
}

interface Sizes {
  readonly preferred_batch_size?: readonly number[];
}

/** Without sizes of its own a batch is preferred that is full. */
function withSizes<Batching extends Sizes>(batching: Batching, maxBatchSize: number): Batching {
  if (batching.preferred_batch_size !== undefined || maxBatchSize <= 0) return batching;
  return { ...batching, preferred_batch_size: [maxBatchSize] };
}

function withIdle(
  batching: Written<"ModelSequenceBatching">,
  maxBatchSize: number,
): Written<"ModelSequenceBatching"> {
  const idle = batching.max_sequence_idle_microseconds ?? 0;
  const { oldest } = batching;
  return {
    ...batching,
    ...(oldest && { oldest: withSizes(oldest, maxBatchSize) }),
    max_sequence_idle_microseconds: idle || defaultIdleMicroseconds,
  };
}

/** Nothing comes of it here, but clients of Triton see it. */
function withPinnedMemory(
  optimization: Written<"ModelOptimizationPolicy"> = {},
): Written<"ModelOptimizationPolicy"> {
  return {
    input_pinned_memory: { enable: true },
    output_pinned_memory: { enable: true },
    ...optimization,
  };
}

function instanceGroups(
  { instance_group }: WrittenConfig,
  { name, gpus, defaultInstanceCount }: NormalisingOptions,
): readonly Written<"ModelInstanceGroup">[] {
  const groups = instance_group ?? [{ name }];
  return groups.map((group, index) => {
    const { kind: asked = "KIND_AUTO", count = 0 } = group;
    const auto = gpus.length > 0 ? "KIND_GPU" : "KIND_CPU";
    const kind = asked === "KIND_AUTO" ? auto : asked;
    return {
      ...group,
      name: group.name || `${name}_${index}`,
      kind,
      count: count < 1 ? defaultInstanceCount : count,
      ...(kind === "KIND_GPU" && { gpus: group.gpus ?? gpus }),
    };
  });
}
