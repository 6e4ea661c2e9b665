/**
 * Dynamic batcher: cuts the next batch from the front of a lane of one model's queue.
 *
 * Lanes are asked in the order of their first requests; most models have one. In a lane requests
 * are collected in order until the next one does not fit: too many rows, too much cost, or another
 * shape. What is collected leaves at once if
 *   - its rows are one of the preferred sizes (the largest such prefix leaves, the rest stays),
 *   - or it cannot grow, or not towards a preferred size;
 * otherwise when its oldest request has waited `maxQueueDelayMs`: then all of it leaves, preferred
 * or not. With a delay of 0 it never waits.
 *
 * The batcher owns no timer and reads no clock: the scheduler passes `nowMs` in, and sleeps until
 * `wakeMs`. Requests that have expired or were cancelled have left the queue before it is asked.
 * When nothing is cut, all that waits was looked at and is less than the largest preferred size:
 * so each look costs at most one batch, however many wait.
 *
 * Not here: choosing the instance (batch-scheduler.ts); what may share a batch
 * (compatibility-key.ts).
 *
 * Invariants, checked by the simulation:
 *   1. A batch has one compatibility key, from 1 to `maxBatchSize` rows, and at most `maxCost`.
 *   2. A batch is a prefix of its lane: nothing overtakes in it.
 */
import type { ModelConfig } from "./model-config.ts";
import type { BatchCloseReason } from "./model-statistics.ts";
import type { QueueLane } from "./queue-lane.ts";
import type { RequestQueue } from "./request-queue.ts";
import type { ScheduledRequest } from "./scheduled-request.ts";

export interface TakenBatch {
  readonly requests: readonly ScheduledRequest[];
  readonly rows: number;
  readonly closeReason: BatchCloseReason;
}

export class DynamicBatcher {
  readonly #maxBatchSize: number;
  readonly #maxCost: number;
  readonly #maxQueueDelayMs: number;
  readonly #preferred: ReadonlySet<number>;
  readonly #largestPreferred: number;
  /** False: each request is a batch of its own, whatever its rows. */
  readonly #isBatching: boolean;

  /** When to ask again after `takeBatch` gave nothing; Infinity: when something arrives. */
  wakeMs: number = Number.POSITIVE_INFINITY;

  constructor(config: ModelConfig) {
    const batching = config.dynamicBatching;
    this.#isBatching = batching !== undefined && config.maxBatchSize > 0;
    this.#maxBatchSize = config.maxBatchSize;
    this.#maxCost = batching?.maxCost ?? Number.POSITIVE_INFINITY;
    this.#maxQueueDelayMs = batching?.maxQueueDelayMs ?? 0;
    this.#preferred = new Set(batching?.preferredBatchSizes);
    this.#largestPreferred = batching?.preferredBatchSizes.at(-1) ?? config.maxBatchSize;
  }

  /** Undefined if nothing waits, or if waiting longer may give a better batch. */
  takeBatch(queue: RequestQueue, nowMs: number): TakenBatch | undefined {
    this.wakeMs = Number.POSITIVE_INFINITY;
    const lane = queue.firstLane();
    const first = lane?.first();
    if (lane === undefined || first === undefined) return undefined;
    const batch = this.#isBatching
      ? this.#takeFrom(queue, lane, nowMs)
      : ({ requests: [first], rows: first.rows, closeReason: "no_delay" } as const);
    for (const request of batch?.requests ?? []) queue.remove(request);
    return batch;
  }

  /** Without a delay the first lane never waits. */
  #takeFrom(queue: RequestQueue, firstLane: QueueLane, nowMs: number): TakenBatch | undefined {
    if (this.#maxQueueDelayMs === 0) return this.#cut(firstLane, nowMs);
    for (const lane of queue.lanes()) {
      const batch = this.#cut(lane, nowMs);
      if (batch !== undefined) return batch;
    }
    return undefined;
  }

  #cut(lane: QueueLane, nowMs: number): TakenBatch | undefined {
    const first = lane.first();
    if (first === undefined) return undefined;
    const collected = this.#collect(lane, first);
    const { requests, rows, bestLength, bestRows, obstacle, oldestMs } = collected;
    const overdueMs = oldestMs + this.#maxQueueDelayMs;
    const isOverdue = this.#maxQueueDelayMs > 0 && nowMs >= overdueMs;
    if (bestLength > 0 && !isOverdue) {
      requests.length = bestLength;
      const closeReason = this.#bestReason(bestRows, obstacle);
      return { requests, rows: bestRows, closeReason };
    }
    const closeReason = this.#closeReason(collected, isOverdue);
    if (closeReason !== undefined) return { requests, rows, closeReason };
    this.wakeMs = Math.min(this.wakeMs, overdueMs);
    return undefined;
  }

  #collect(lane: QueueLane, first: ScheduledRequest): Collected {
    const requests: ScheduledRequest[] = [];
    const collected = new Collected(requests, first.arrivedAtMs);
    for (let next: ScheduledRequest | undefined = first; next; next = lane.after(next)) {
      const grownRows: number = collected.rows + next.rows;
      if (requests.length > 0) {
        const isTooFar = grownRows > this.#largestPreferred && collected.bestLength === 0;
        if (isTooFar) collected.noteBest();
        collected.obstacle = this.#obstacle(collected, first, next);
        if (collected.obstacle !== undefined) break;
      }
      collected.add(next);
      if (this.#preferred.has(grownRows)) collected.noteBest();
    }
    return collected;
  }

  /** Why this one cannot join; undefined: it can. */
  #obstacle(
    { rows, cost }: Collected,
    first: ScheduledRequest,
    next: ScheduledRequest,
  ): "full" | "shape" | undefined {
    if (rows + next.rows > this.#maxBatchSize || cost + next.cost > this.#maxCost) return "full";
    return next.key === first.key ? undefined : "shape";
  }

  #bestReason(rows: number, obstacle: "full" | "shape" | undefined): BatchCloseReason {
    if (rows >= this.#maxBatchSize) return "full";
    return this.#preferred.has(rows) ? "preferred" : (obstacle ?? "preferred");
  }

  /** Why all that was collected leaves now; undefined: it does not. */
  #closeReason(
    { rows, cost, obstacle }: Collected,
    isOverdue: boolean,
  ): BatchCloseReason | undefined {
    if (obstacle !== undefined) return obstacle;
    if (rows >= this.#maxBatchSize || cost >= this.#maxCost) return "full";
    if (isOverdue) return "delay";
    if (rows >= this.#largestPreferred) return "preferred";
    return this.#maxQueueDelayMs === 0 ? "no_delay" : undefined;
  }
}

/** What fits together, from the front of the queue. */
class Collected {
  readonly requests: ScheduledRequest[];
  rows = 0;
  cost = 0;
  oldestMs: number;
  /** The prefix that is best towards a preferred size; 0: there is none. */
  bestLength = 0;
  bestRows = 0;
  /** Why the next request does not fit; undefined: there is no next one. */
  obstacle: "full" | "shape" | undefined = undefined;

  constructor(requests: ScheduledRequest[], oldestMs: number) {
    this.requests = requests;
    this.oldestMs = oldestMs;
  }

  add(request: ScheduledRequest): void {
    this.requests.push(request);
    this.rows += request.rows;
    this.cost += request.cost;
    if (request.arrivedAtMs < this.oldestMs) this.oldestMs = request.arrivedAtMs;
  }

  /** All that is collected so far. */
  noteBest(): void {
    this.bestLength = this.requests.length;
    this.bestRows = this.rows;
  }
}
