/**
 * Serving options of a model, as a user writes them: how it batches, how many instances it has,
 * what bounds it. Plain data, shared by the definition (which takes it) and the core (which
 * completes it: resolve-model-config.ts); both check it with model-options-check.ts. Field names
 * here are those that errors name.
 *
 * Mapping to config.pbtxt:
 *   maxBatchSize                      max_batch_size (batching: false gives 0)
 *   batching.maxQueueDelayMs          dynamic_batching.max_queue_delay_microseconds / 1000
 *   batching.preferredBatchSizes      dynamic_batching.preferred_batch_size
 *   batching.preserveOrdering         dynamic_batching.preserve_ordering
 *   batching.priorities.levels        dynamic_batching.priority_levels
 *   batching.priorities.default       dynamic_batching.default_priority_level
 *   batching.priorities.queues        dynamic_batching.priority_queue_policy
 *   batching.queue                    dynamic_batching.default_queue_policy
 *   instances                         instance_group
 *   cache                             response_cache.enable
 *   warmup                            model_warmup
 */
import type { Datatype } from "./datatype.ts";
import type { Warmup } from "./warmup.ts";

/** Numbers that hold where an option is left out. */
export const optionDefaults = {
  maxBatchSize: 32,
  maxWaitingRequests: 8192,
  loadTimeoutMs: 120_000,
  executionTimeoutMs: 600_000,
} as const;

/** Batches that one instance of a model that streams runs at a time, unless it says how many. */
export const streamConcurrency = 256;

export interface ModelOptions {
  /** Most rows in one batch; default 32. */
  readonly maxBatchSize?: number;
  /** False: no batch dimension, shapes are whole shapes, one request at a time. */
  readonly batching?: false | BatchingOptions;
  /** A list: groups of instances that differ in their devices. */
  readonly instances?: number | "auto" | InstancesOptions | readonly InstancesOptions[];
  readonly limits?: LimitsOptions;
  /** Answers are kept, and given to equal requests without running the model. Default false. */
  readonly cache?: boolean | CacheOptions;
  /** Equal requests that come while one is computed wait for its answer. Default false. */
  readonly singleFlight?: boolean;
  /** What each instance runs before it is ready; default nothing. */
  readonly warmup?: Warmup;
}

export interface CacheOptions {
  /** Of the server's cache; default: all of it, if no other model needs it. */
  readonly maxBytes?: number;
}

export interface BatchingOptions {
  /** Longest wait of the oldest request for company; default 0: never wait. */
  readonly maxQueueDelayMs?: number;
  /** Most cost in one batch, as `cost` measures it; needs `cost`. Default: none. */
  readonly maxCost?: number;
  /** Sizes that leave without further waiting, in any order; default [maxBatchSize]. */
  readonly preferredBatchSizes?: readonly number[];
  /** Responses leave in the order in which the requests were taken from the queue. */
  readonly preserveOrdering?: boolean;
  /**
   * When a batch fails, run parts of it again to find the requests that fail by themselves; the
   * others get their answers. Default true; false for a model that must not run a request twice.
   */
  readonly isolateFailures?: boolean;
  readonly priorities?: PrioritiesOptions;
  /** Policy of every level that has none of its own. */
  readonly queue?: QueueOptions;
}

export interface PrioritiesOptions {
  /** Levels 1 (first) to this. */
  readonly levels: number;
  /** Level of requests that name none. */
  readonly default: number;
  readonly queues?: Readonly<Record<number, QueueOptions>>;
}

export interface QueueOptions {
  /** Requests that may wait in one level; default: only `limits.maxWaitingRequests`. */
  readonly maxSize?: number;
  /** Longest wait of a request; default none, as is 0. */
  readonly timeoutMs?: number;
  /** What happens to one that waited too long; default "reject". */
  readonly onTimeout?: "reject" | "delay";
  /** May a request shorten its own timeout? Default false. */
  readonly allowTimeoutOverride?: boolean;
}

export type Device = "cpu" | `cuda:${number}`;

export interface InstancesOptions {
  /** "auto": one less than the cores, at least one. Default 1, or one for each of `devices`. */
  readonly count?: number | "auto";
  /** Default: "thread" if the model says where it lives (`module`), else "inline". */
  readonly kind?: "inline" | "thread";
  /** Default "cpu". */
  readonly device?: Device;
  /** Instead of `device`: round robin over the instances. */
  readonly devices?: readonly Device[];
  /**
   * Batches that one instance runs at a time: for functions that wait for something else. Default
   * 1; 256 for a model that streams.
   */
  readonly concurrency?: number;
}

export interface LimitsOptions {
  /** Default 8,192. */
  readonly maxWaitingRequests?: number;
  /** Longest load of one instance, `setup` included; default 120,000. */
  readonly loadTimeoutMs?: number;
  /**
   * Longest execution of one batch; of a model that streams the longest wait for its next response.
   * Default 600,000. Infinity: it may take what it takes.
   */
  readonly executionTimeoutMs?: number;
}

/** An input or output as a definition or a model file declares it. */
export interface TensorDeclaration {
  readonly name: string;
  readonly datatype: Datatype;
  /** Without the batch dimension; -1 is any size. */
  readonly dims: readonly number[];
  readonly isOptional: boolean;
}
