/**
 * What a batch shows when it leaves, for the coverage: which of the rules that can meet met in it.
 */
import type { Coverage, EventKind } from "../coverage.ts";
import type { ModelPlan } from "../plans.ts";
import type { CloseReason } from "./batching-rules.ts";
import type { OracleRequest } from "./oracle-request.ts";

export interface LeavingBatch {
  readonly requests: readonly OracleRequest[];
  readonly rows: number;
  readonly why: CloseReason;
  /** What waited in its bucket, in order: the batch is its front. */
  readonly queue: readonly OracleRequest[];
  /** In all buckets. */
  readonly waiting: readonly OracleRequest[];
}

export function countBatch(coverage: Coverage, batch: LeavingBatch, model: ModelPlan): void {
  const { requests, rows, why, queue, waiting } = batch;
  const arrivals = requests.map(({ arrival }) => arrival);
  const leavesOthers = requests.length < queue.length;
  const sizes = model.batching?.preferredSizes ?? [];
  const { delayMs = 0, maxCost = Number.POSITIVE_INFINITY } = model.batching ?? {};
  const choosesTime = sizes.length > 0 && delayMs > 0;
  const isOther = waiting.length > queue.length;
  const next = queue[requests.length];
  const cost = requests.reduce((sum, { plan }) => sum + plan.cost, next?.plan.cost ?? 0);
  const seen: readonly (readonly [EventKind, boolean])[] = [
    [`closed ${why}`, true],
    ["batch joins", requests.length > 1],
    ["bucket overtakes", isOther && waiting.some(({ arrival }) => arrival < Math.min(...arrivals))],
    ["buckets wait for company", isOther && delayMs > 0],
    ["batch spans levels", new Set(requests.map(({ level }) => level)).size > 1],
    ["priority overtakes", queue.some(({ arrival }) => arrival < Math.min(...arrivals))],
    ["left delayed", requests.some(({ delayedAs }) => delayedAs > 0)],
    ["rows leave before others", leavesOthers && requests.some((request) => request.rows > 1)],
    ["rows of the next do not fit", why === "full" && rows < model.maxBatchSize],
    ["cost of the next does not fit", why === "full" && next !== undefined && cost > maxCost],
    ["preferred before its delay", choosesTime && why === "preferred"],
    ["preferred leaves others waiting", choosesTime && sizes.includes(rows) && leavesOthers],
    ["delay without a preferred size", choosesTime && why === "delay"],
  ];
  for (const [kind, isSeen] of seen) if (isSeen) coverage.count(kind);
}
