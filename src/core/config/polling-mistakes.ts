/**
 * Mistakes of a configuration that show before anything of the model is loaded: name, platform and
 * backend, batch sizes, priorities, and which scheduler goes with which platform.
 *
 * Texts are Triton's, in its order, so that the first agrees with the only one that it tells. The
 * configuration has its backend, and is not normalised.
 *
 * Not here: tensors and instances (loading-mistakes.ts), what this server does not have
 * (config-support.ts), the models of an ensemble.
 */
import type { Written, WrittenConfig } from "../../protocol/written-config.ts";
import { ensemblePlatform, onnxBackend, onnxPlatform } from "./complete-backend.ts";
import { findEnsembleMistakes } from "./ensemble-steps.ts";

/** `name` is the model's: that of its folder. */
export function findPollingMistakes(config: WrittenConfig, name: string): readonly string[] {
  return [
    ...nameMistakes(config, name),
    ...backendMistakes(config, name),
    ...((config.max_batch_size ?? 0) < 0
      ? [`'max_batch_size' must be non-negative value for ${name}`]
      : []),
    ...batchingMistakes(config, name),
    ...findEnsembleMistakes(config, name),
    ...cacheMistakes(config, name),
  ];
}

function nameMistakes(config: WrittenConfig, folder: string): readonly string[] {
  const { name = "" } = config;
  if (name === "" || name === folder) return [];
  const rule = "directory name must equal model name";
  return [`unexpected directory name '${folder}' for model '${name}', ${rule}`];
}

function backendMistakes(config: WrittenConfig, name: string): readonly string[] {
  const { platform = "", backend = "" } = config;
  if (platform === ensemblePlatform) return [];
  if (backend === "" && platform === "") {
    return [`must specify 'platform' or 'backend' for '${name}'`];
  }
  if (backend === "") return [`unexpected platform type '${platform}' for ${name}`];
  // What platforms other backends know is their own business.
  const isPair = platform === "" || (platform === onnxPlatform) === (backend === onnxBackend);
  return isPair ? [] : [`unexpected 'platform' and 'backend' pair, got:${platform}, ${backend}`];
}

function batchingMistakes(config: WrittenConfig, name: string): readonly string[] {
  const { dynamic_batching: batching } = config;
  if (batching === undefined) return [];
  return [
    ...sizeMistakes(batching.preferred_batch_size, config.max_batch_size).map(
      (mistake) => `dynamic batching ${mistake} for ${name}`,
    ),
    ...levelMistakes(batching).map((mistake) => `${mistake} for ${name}`),
    ...orderingMistakes(batching).map((mistake) => `${mistake} for ${name}`),
  ];
}

function sizeMistakes(sizes: readonly number[] = [], maxBatchSize = 0): readonly string[] {
  return [
    ...(sizes.some((size) => size <= 0) ? ["preferred size must be positive"] : []),
    ...(sizes.some((size) => size > 0 && size > maxBatchSize)
      ? ["preferred size must be <= max batch size"]
      : []),
  ];
}

function levelMistakes(batching: Written<"ModelDynamicBatching">): readonly string[] {
  const { priority_levels: levels = 0, default_priority_level: byDefault = 0 } = batching;
  if (BigInt(levels) === 0n) return [];
  const isLevel = (level: bigint): boolean => level >= 1n && level <= BigInt(levels);
  const named = Object.keys(batching.priority_queue_policy ?? {});
  return [
    ...(isLevel(BigInt(byDefault))
      ? []
      : [`default priority level must be in range [1, ${levels}]`]),
    ...(named.every((level) => isLevel(BigInt(level)))
      ? []
      : [`priority queue policy must have priority level in range [1, ${levels}]`]),
  ];
}

function orderingMistakes(batching: Written<"ModelDynamicBatching">): readonly string[] {
  if (batching.preserve_ordering !== true) return [];
  const { default_queue_policy, priority_queue_policy = {}, priority_levels = 0 } = batching;
  const policies = [default_queue_policy ?? {}, ...Object.values(priority_queue_policy)];
  const delays = policies.some(({ timeout_action, default_timeout_microseconds = 0 }) => {
    return timeout_action === "DELAY" && BigInt(default_timeout_microseconds) !== 0n;
  });
  const [alone, action] = ["Only one priority level is allowed", "DELAY as timeout action"];
  return [
    ...(priority_levels > 1 ? [`${alone} when 'preserve_ordering' is true`] : []),
    ...(delays ? [`Queue policy can not have ${action} when 'preserve_ordering' is true`] : []),
  ];
}

function cacheMistakes(config: WrittenConfig, name: string): readonly string[] {
  if (config.response_cache?.enable !== true) return [];
  const kinds = [
    ...(config.sequence_batching === undefined ? [] : ["sequence batching scheduler"]),
    ...(config.model_transaction_policy?.decoupled === true
      ? ["'decoupled' transaction policy"]
      : []),
  ];
  const remedy = "Please disable the response cache.";
  return kinds.map((kind) => {
    return `Response Cache does not currently support model ${name} with ${kind}. ${remedy}`;
  });
}
