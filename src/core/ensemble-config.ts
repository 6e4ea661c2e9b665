/**
 * Configuration of an ensemble: a model whose requests are carried out by other models.
 *
 * A step names a model, and says which tensors of the ensemble it reads and writes. Steps have no
 * order of their own: each runs as soon as what it reads is there.
 *
 * Not here: what is wrong with one (ensemble-graph.ts alone, ensemble-plan.ts beside its models).
 */
import { optionDefaults, type TensorDeclaration } from "../protocol/model-options.ts";
import type { CacheConfig, ModelConfig } from "./model-config.ts";
import type { ModelSource } from "./model-source.ts";

export interface EnsembleConfig {
  readonly steps: readonly EnsembleStepConfig[];
  /** Requests that one step may have running for one request of the ensemble; 0: any number. */
  readonly maxInflightRequests: number;
}

export interface EnsembleStepConfig {
  readonly modelName: string;
  /** Undefined: the highest that is ready when a request comes. */
  readonly modelVersion: number | undefined;
  /** The model's input -> the ensemble's tensor. */
  readonly inputMap: ReadonlyMap<string, string>;
  /** The model's output -> the ensemble's tensor. */
  readonly outputMap: ReadonlyMap<string, string>;
}

export interface EnsembleDeclaration extends EnsembleConfig {
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
