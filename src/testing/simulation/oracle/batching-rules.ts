/**
 * Batching rules: which of the waiting requests leave now, written down from the specification.
 *
 * Everything is worked out anew from the list of all that waits, each time somebody asks: what a
 * list says is easier to believe than what a cursor remembers.
 *
 * Not here: what has expired or was cancelled has left the list before these rules are asked.
 */
import type { ModelPlan, PolicyPlan, RequestPlan } from "../plans.ts";

export interface Queued {
  readonly plan: RequestPlan;
  readonly level: number;
  readonly rows: number;
  readonly arrivedAtMs: number;
  /** 0, 1, ... in order of arrival. */
  readonly arrival: number;
  /** 1, 2, ... in the order in which they were delayed; 0: was not. */
  readonly delayedAs: number;
}

/** Why a batch is closed. */
export type CloseReason = "full" | "preferred" | "delay" | "shape" | "no_delay";

/** The first so many leave, or all wait until then for company. */
type Decision =
  | { readonly kind: "leave"; readonly count: number; readonly why: CloseReason }
  | { readonly kind: "wait"; readonly untilMs: number };

export function levelOf(priority: number, { batching }: ModelPlan): number {
  if (batching === undefined || batching.levels === 0) return 0;
  return priority >= 1 && priority <= batching.levels ? priority : batching.defaultLevel;
}

export function policyOf(level: number, { batching }: ModelPlan): PolicyPlan {
  return batching?.policies[level] ?? batching?.defaultPolicy ?? patient;
}

const patient: PolicyPlan = { action: "REJECT", timeoutMs: 0, allowsOverride: false, maxSize: 0 };

/** Rows of a request; a model without batching counts requests. */
export function rowsOf({ inputs }: RequestPlan, { maxBatchSize }: ModelPlan): number {
  return maxBatchSize === 0 ? 1 : (inputs[0]?.shape[0] ?? 1);
}

/** Levels ascending; in a level by arrival, then those that were delayed, in that order. */
function inOrder<Item extends Queued>(waiting: readonly Item[]): Item[] {
  return [...waiting].sort(
    (one, other) =>
      one.level - other.level || one.delayedAs - other.delayedAs || one.arrival - other.arrival,
  );
}

/** What leaves now, and the queue whose front that is. */
export interface Departure<Item> {
  readonly requests: readonly Item[];
  readonly why: CloseReason;
  readonly queue: readonly Item[];
}

/**
 * Each bucket is a queue of its own; they are asked in the order of their first requests. If none
 * of them lets anything leave: until when the first of them waits.
 */
export function decideAmong<Item extends Queued>(
  waiting: readonly Item[],
  model: ModelPlan,
  nowMs: number,
): Departure<Item> | number {
  let untilMs = Number.POSITIVE_INFINITY;
  for (const queue of inBuckets(waiting, model)) {
    const decision = decide(queue, model, nowMs);
    if (decision.kind === "leave") {
      return { requests: queue.slice(0, decision.count), why: decision.why, queue };
    }
    if (decision.untilMs < untilMs) untilMs = decision.untilMs;
  }
  return untilMs;
}

export function inBuckets<Item extends Queued>(
  waiting: readonly Item[],
  { batching }: ModelPlan,
): readonly (readonly Item[])[] {
  const queue = inOrder(waiting);
  if (queue.length === 0) return [];
  if (batching?.hasBuckets !== true) return [queue];
  const buckets = new Set(queue.map(({ plan }) => plan.bucket));
  return [...buckets].map((bucket) => queue.filter(({ plan }) => plan.bucket === bucket));
}

/** In the measure of its model. */
function costOf({ plan }: Queued, { batching }: ModelPlan): number {
  return batching === undefined || batching.maxCost === Number.POSITIVE_INFINITY ? 0 : plan.cost;
}

/** `queue` is in order, and not empty. */
function decide(queue: readonly Queued[], model: ModelPlan, nowMs: number): Decision {
  const { batching, maxBatchSize } = model;
  if (batching === undefined || maxBatchSize === 0) {
    return { kind: "leave", count: 1, why: "no_delay" };
  }
  const { delayMs } = batching;
  const collected = collect(queue, model);
  const { rowsUpTo, obstacle } = collected;
  const all = rowsUpTo.length;
  const rows = rowsUpTo[all - 1] ?? 0;
  const oldestMs = Math.min(...queue.slice(0, all).map(({ arrivedAtMs }) => arrivedAtMs));
  const isOverdue = delayMs > 0 && nowMs >= oldestMs + delayMs;

  const leave = (count: number, why: CloseReason): Decision => {
    const isFull = rowsUpTo[count - 1] === maxBatchSize;
    return { kind: "leave", count, why: isFull ? "full" : why };
  };
  const best = bestPrefix(queue, collected, model);
  if (best !== undefined && !isOverdue) return leave(best.count, best.why);
  if (obstacle !== undefined) return leave(all, obstacle);
  if (collected.cost >= batching.maxCost) return leave(all, "full");
  if (isOverdue) return leave(all, "delay");
  if (rows >= largestPreferred(model)) return leave(all, "preferred");
  if (delayMs === 0) return leave(all, "no_delay");
  return { kind: "wait", untilMs: oldestMs + delayMs };
}

/** What is best towards a preferred size, and leaves without waiting; undefined: nothing is. */
function bestPrefix(
  queue: readonly Queued[],
  { rowsUpTo, obstacle }: Collected,
  model: ModelPlan,
): { readonly count: number; readonly why: CloseReason } | undefined {
  const sizes = model.batching?.preferredSizes ?? [];
  const hit = rowsUpTo.findLastIndex((sum) => sizes.includes(sum)) + 1;
  if (hit > 0) return { count: hit, why: "preferred" };
  // Where one more request would lead past the largest preferred size.
  const largest = largestPreferred(model);
  const brink = rowsUpTo.findIndex((sum, at) => sum + (queue[at + 1]?.rows ?? 0) > largest) + 1;
  return brink > 0 && brink < queue.length
    ? { count: brink, why: obstacle ?? "preferred" }
    : undefined;
}

function largestPreferred({ batching, maxBatchSize }: ModelPlan): number {
  return Math.max(0, ...(batching?.preferredSizes ?? [])) || maxBatchSize;
}

interface Collected {
  /** Rows of the first, the first two, ... up to all that fit into one batch. */
  readonly rowsUpTo: readonly number[];
  /** Of all that fit. */
  readonly cost: number;
  /** Why the next one does not fit; undefined: there is no next one. */
  readonly obstacle: "full" | "shape" | undefined;
}

function collect(queue: readonly Queued[], model: ModelPlan): Collected {
  const rowsUpTo: number[] = [];
  const maxCost = model.batching?.maxCost ?? Number.POSITIVE_INFINITY;
  let rows = 0;
  let cost = 0;
  for (const next of queue) {
    const nextCost = costOf(next, model);
    if (rowsUpTo.length > 0) {
      const isTooMuch = rows + next.rows > model.maxBatchSize || cost + nextCost > maxCost;
      if (isTooMuch) return { rowsUpTo, cost, obstacle: "full" };
      if (!mayShare(queue[0] ?? next, next, model)) return { rowsUpTo, cost, obstacle: "shape" };
    }
    rows += next.rows;
    cost += nextCost;
    rowsUpTo.push(rows);
  }
  return { rowsUpTo, cost, obstacle: undefined };
}

/** The same inputs are there, and those of any size have the same shape past the batch dimension. */
function mayShare(one: Queued, other: Queued, { inputs }: ModelPlan): boolean {
  return inputs.every(({ name, dims }) => {
    const mine = one.plan.inputs.find((tensor) => tensor.name === name)?.shape;
    const theirs = other.plan.inputs.find((tensor) => tensor.name === name)?.shape;
    if (mine === undefined || theirs === undefined) return mine === theirs;
    return !dims.includes(-1) || mine.slice(1).join() === theirs.slice(1).join();
  });
}
