/**
 * Ensembles that tests declare in code, as configurations.
 */

import type { EnsembleConfig } from "../core/ensemble-config.ts";
import type { CacheConfig, ModelConfig } from "../core/model-config.ts";
import type { ModelSource } from "../core/model-source.ts";
import { optionDefaults, type TensorDeclaration } from "../protocol/model-options.ts";

interface EnsembleDeclaration extends EnsembleConfig {
  readonly name: string;
  readonly version: number;
  readonly maxBatchSize: number;
  readonly inputs: readonly TensorDeclaration[];
  readonly outputs: readonly TensorDeclaration[];
  readonly cache?: CacheConfig | undefined;
  readonly singleFlight?: boolean;
}

/** Whether it streams is known when its models are: the core fills it in. */
export function ensembleModelConfig(ensemble: EnsembleDeclaration): ModelConfig {
  const { name, version, maxBatchSize, inputs, outputs, steps, maxInflightRequests } = ensemble;
  const { maxWaitingRequests, loadTimeoutMs } = optionDefaults;
  return {
    name,
    version,
    platform: "ensemble",
    backend: "",
    maxBatchSize,
    inputs: inputs.map((input) => ({ ...input, reshape: undefined })),
    outputs: outputs.map((output) => ({ ...output, reshape: undefined })),
    dynamicBatching: undefined,
    instanceGroups: [],
    concurrency: 1,
    defaultModelFilename: "",
    isDecoupled: false,
    parameters: {},
    limits: {
      maxWaitingRequests,
      loadTimeoutMs,
      executionTimeoutMs: Number.POSITIVE_INFINITY,
      restartBackoffMs: 0,
      maxRestartBackoffMs: 0,
      maxWrittenOffInstances: 0,
    },
    cache: ensemble.cache,
    singleFlight: ensemble.singleFlight ?? false,
    warmup: [],
    ensemble: { steps, maxInflightRequests },
  };
}

/** What the core loads of it. */
export function ensembleSource(config: ModelConfig): ModelSource {
  const { name, version } = config;
  return { name, version, resolve: () => Promise.resolve({ config }) };
}
