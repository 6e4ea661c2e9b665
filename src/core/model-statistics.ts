/**
 * Statistics of one model version: one set of counters, from which the protocol's statistics and
 * the metrics page are both read. (Types first; the counters follow below.)
 */
import type { FailureReason } from "../protocol/errors.ts";

/** How many, and how long together. */
export interface DurationCount {
  readonly count: number;
  readonly ns: number;
}

/** Cumulative; `upperBounds[i]` belongs to `counts[i]`, the last of `counts` is +Inf. */
export interface HistogramSnapshot {
  readonly upperBounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

export type BatchCloseReason = "full" | "preferred" | "delay" | "shape" | "no_delay" | "expiry";

export interface ModelStatisticsSnapshot {
  readonly modelName: string;
  readonly modelVersion: number;
  /** Milliseconds since 1970; 0: never. */
  readonly lastInferenceMs: number;
  /** Rows. */
  readonly inferenceCount: number;
  readonly executionCount: number;
  readonly success: DurationCount;
  readonly fail: DurationCount;
  readonly queue: DurationCount;
  readonly computeInput: DurationCount;
  readonly computeInfer: DurationCount;
  readonly computeOutput: DurationCount;
  readonly cacheHit: DurationCount;
  readonly cacheMiss: DurationCount;
  /** Ascending batch sizes (rows). */
  readonly batches: readonly {
    readonly batchSize: number;
    readonly computeInput: DurationCount;
    readonly computeInfer: DurationCount;
    readonly computeOutput: DurationCount;
  }[];
  readonly failures: Readonly<Record<FailureReason, number>>;
  /** Accepted, not yet handed to an instance. */
  readonly pendingCount: number;
  /** In a batch that an instance runs. */
  readonly executingCount: number;
  readonly batchesClosed: Readonly<Record<BatchCloseReason, number>>;
  readonly instances: Readonly<Record<"ready" | "busy" | "loading" | "dead", number>>;
  readonly instanceRestarts: number;
  readonly loadDurationMs: number;
  /** Seconds. */
  readonly requestDuration: HistogramSnapshot;
  readonly queueDuration: HistogramSnapshot;
  readonly computeDuration: HistogramSnapshot;
  readonly batchRows: HistogramSnapshot;
}
