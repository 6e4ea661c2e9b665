/**
 * Model configuration in its resolved form: every default filled in, every unit ours (ms, rows).
 *
 * Made by resolve-model-config.ts, which checks it; shown on the wire by model-config-json.ts.
 */

import type { Datatype } from "../protocol/datatype.ts";
import type { Parameters } from "../protocol/infer.ts";
import type { WarmupSource } from "../protocol/warmup.ts";
import type { CompletedConfig } from "./config/normalise-config.ts";
import type { EnsembleConfig } from "./ensemble-config.ts";

export interface ModelConfig {
  readonly name: string;
  readonly version: number;
  readonly platform: string;
  readonly backend: string;
  /** 0: shapes are whole shapes, no batch dimension. */
  readonly maxBatchSize: number;
  readonly inputs: readonly TensorConfig[];
  readonly outputs: readonly TensorConfig[];
  /** Undefined: each request is an execution of its own. */
  readonly dynamicBatching: DynamicBatchingConfig | undefined;
  readonly instanceGroups: readonly InstanceGroupConfig[];
  /** Batches that one instance runs at a time. */
  readonly concurrency: number;
  readonly defaultModelFilename: string;
  /** 0 to many responses per request (streaming models). */
  readonly isDecoupled: boolean;
  readonly parameters: Readonly<Record<string, string>>;
  readonly limits: ModelLimits;
  /** Undefined: its answers are not kept. */
  readonly cache: CacheConfig | undefined;
  /** Equal requests at a time are computed once. */
  readonly singleFlight: boolean;
  /** What each instance runs before it is ready. */
  readonly warmup: readonly WarmupConfig[];
  /** Of a model of a repository: its configuration as clients see it. */
  readonly written?: CompletedConfig;
  /** Further labels of its metrics. */
  readonly metricTags?: Readonly<Record<string, string>>;
  /** It has no instances: other models carry its requests out. */
  readonly ensemble?: EnsembleConfig;
}

export interface CacheConfig {
  /** Of its answers that are kept; Infinity: as many as all models together. */
  readonly maxBytes: number;
}

/** One sample at one batch size. */
export interface WarmupConfig {
  readonly name: string;
  /** Requests, of one row each. */
  readonly batchSize: number;
  readonly count: number;
  readonly inputs: readonly WarmupInputConfig[];
  readonly parameters: Parameters;
}

export interface WarmupInputConfig {
  readonly name: string;
  readonly datatype: Datatype;
  /** Without the batch dimension; -1: as what is given has it. */
  readonly dims: readonly number[];
  readonly source: WarmupSource;
}

export interface TensorConfig {
  readonly name: string;
  readonly datatype: Datatype;
  /** Without the batch dimension; -1 is any size. */
  readonly dims: readonly number[];
  /** Inputs only. */
  readonly isOptional: boolean;
  /** What the model sees instead of `dims`. */
  readonly reshape: readonly number[] | undefined;
  /** Outputs only, of their classes; "": that one has none. Left out: no class has one. */
  readonly labels?: readonly string[];
}

export interface DynamicBatchingConfig {
  /** Ascending, without repetition, each within 1..maxBatchSize. */
  readonly preferredBatchSizes: readonly number[];
  readonly maxQueueDelayMs: number;
  /** Most cost in one batch, in the measure of the model's `cost`; Infinity: none. */
  readonly maxCost: number;
  readonly preserveOrdering: boolean;
  /** A batch that fails is run again in parts, so that only those fail that must. */
  readonly isolatesFailures: boolean;
  /** 0: one level without a number. */
  readonly priorityLevels: number;
  readonly defaultPriorityLevel: number;
  readonly defaultQueuePolicy: QueuePolicy;
  /** Policies of levels that differ from the default. */
  readonly priorityQueuePolicies: ReadonlyMap<number, QueuePolicy>;
}

export interface QueuePolicy {
  readonly timeoutAction: "REJECT" | "DELAY";
  /** 0: none. */
  readonly defaultTimeoutMs: number;
  readonly allowTimeoutOverride: boolean;
  /** Requests that may wait in one level; 0: only `limits.maxWaitingRequests`. */
  readonly maxQueueSize: number;
}

export interface InstanceGroupConfig {
  readonly name: string;
  readonly kind: "KIND_CPU" | "KIND_GPU";
  readonly count: number;
  readonly gpus: readonly number[];
  /** Its instances are loaded, and nothing is given to them. */
  readonly isPassive?: boolean;
}

/** On by default, and not shown on the wire. */
export interface ModelLimits {
  /** Requests waiting in this model's queue. */
  readonly maxWaitingRequests: number;
  /** Longest load (module, `setup`) of one instance. */
  readonly loadTimeoutMs: number;
  /** Longest execution of one batch, or silence of one that streams; Infinity: none. */
  readonly executionTimeoutMs: number;
  /** First pause before a crashed instance starts again; doubles up to the longest. */
  readonly restartBackoffMs: number;
  readonly maxRestartBackoffMs: number;
  /** Hanging instances that may be left behind before the model becomes unavailable. */
  readonly maxWrittenOffInstances: number;
}
