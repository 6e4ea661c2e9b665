/**
 * Who is let into a queue, and how long he waits in it at most.
 */
import type { Coverage } from "../coverage.ts";
import type { RequestPlan } from "../plans.ts";
import { policyOf } from "./batching-rules.ts";
import {
  about,
  bytesFull,
  type OracleError,
  queueFull,
  stopping,
  tooCostly,
} from "./oracle-errors.ts";
import type { OracleRequest, Surroundings } from "./oracle-request.ts";

export interface Entrance {
  readonly level: number;
  readonly hasRoomForBytes: boolean;
  readonly waiting: readonly OracleRequest[];
}

/** What is waited for may still call. */
export function whyNotWhileDraining(
  coverage: Coverage,
  { id, isInternal }: RequestPlan,
  letsCallsIn: boolean,
): OracleError | undefined {
  const isLetIn = isInternal && letsCallsIn;
  coverage.count(isLetIn ? "call while stopping" : "server stopping");
  return isLetIn ? undefined : about(id, stopping);
}

/** A refusal by a full queue counts as a failure that took no time. */
export function whyFull(
  { load, coverage, counters, time }: Surroundings,
  { id }: RequestPlan,
  { level, hasRoomForBytes, waiting }: Entrance,
): OracleError | undefined {
  const { maxSize } = policyOf(level, load.model);
  const inLevel = waiting.filter((request) => request.level === level).length;
  const isLevelFull = maxSize > 0 && inLevel >= maxSize;
  const isQueueFull = waiting.length >= load.model.limits.maxWaiting;
  if (!isLevelFull && !isQueueFull && hasRoomForBytes) return undefined;
  coverage.count(isLevelFull ? "level full" : isQueueFull ? "queue full" : "bytes full");
  counters.failed("REJECTED", time.nowMs, time.nowMs);
  return about(id, isLevelFull || isQueueFull ? queueFull : bytesFull);
}

/** Its model would never run it. */
export function whyTooCostly(
  { load: { model }, coverage }: Surroundings,
  { id, cost }: RequestPlan,
): OracleError | undefined {
  const maxCost = model.batching?.maxCost ?? Number.POSITIVE_INFINITY;
  if (cost <= maxCost) return undefined;
  coverage.count("too costly");
  return about(id, tooCostly(model.name, maxCost, cost));
}

export function patienceMs(
  { load, coverage }: Surroundings,
  plan: RequestPlan,
  level: number,
): number {
  const { timeoutMs, allowsOverride } = policyOf(level, load.model);
  const ownMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs;
  if (!allowsOverride || plan.timeoutMs === 0 || plan.timeoutMs >= ownMs) return ownMs;
  const hasOwnPolicy = level > 0 && load.model.batching?.policies[level] !== undefined;
  coverage.count(hasOwnPolicy ? "patience overridden in its level" : "patience overridden");
  return plan.timeoutMs;
}
