/**
 * Draws a model: what it takes, how it batches, what bounds it.
 *
 * All versions of a model take the same inputs, so that a request without a version is valid for
 * whichever it meets; the rest differs with each load.
 */
import type { Random } from "../random.ts";
import { delayOf, limitOf, pauseOf } from "./moments.ts";
import type { BatchingPlan, InputPlan, LimitsPlan, ModelPlan, PolicyPlan } from "./plans.ts";
import type { Profile } from "./profile.ts";

/** What all versions of a model have in common. */
export type Signature = Pick<ModelPlan, "name" | "maxBatchSize" | "inputs">;

export function drawSignature(random: Random, profile: Profile, name: string): Signature {
  const inputs = Array.from({ length: random.between(1, 3) }, (_, index): InputPlan => {
    const dims = random.pick([[2], [-1], [-1], [-1, 2], [3, -1]]);
    const isOptional = profile.optionalInputs && random.chance(0.5);
    return { name: `x${index}`, dims, isOptional };
  });
  return { name, maxBatchSize: random.pick([0, 1, 2, 4, 4, 8, 8, 8, 16]), inputs };
}

export function drawModel(
  random: Random,
  profile: Profile,
  { signature, version }: { readonly signature: Signature; readonly version: number },
): Omit<ModelPlan, "cacheBytes" | "singleFlight"> {
  const { maxBatchSize } = signature;
  const groupCount = random.pick([1, 1, 1, 2]);
  return {
    ...signature,
    version,
    batching: random.chance(0.1) ? undefined : drawBatching(random, profile, maxBatchSize),
    instanceGroups: Array.from({ length: groupCount }, () => random.between(1, 2)),
    concurrency: profile.concurrency ? random.pick([1, 2, 2, 3, 4]) : 1,
    isDecoupled: profile.streams && random.chance(0.6),
    limits: drawLimits(random, profile),
  };
}

function drawBatching(random: Random, profile: Profile, maxBatchSize: number): BatchingPlan {
  const preservesOrder = profile.ordering && random.chance(0.6);
  const mostLevels = preservesOrder ? 1 : 3;
  const levels = profile.priorities ? random.between(0, mostLevels) : 0;
  const drawPolicyHere = (): PolicyPlan => drawPolicy(random, profile, preservesOrder);
  return {
    preferredSizes: drawPreferred(random, maxBatchSize),
    delayMs: profile.delays && random.chance(0.7) ? delayOf(random.between(0, 12)) : 0,
    maxCost: profile.measures && random.chance(0.5) ? random.between(4, 20) : Infinity,
    hasBuckets: profile.measures && random.chance(0.6),
    preservesOrder,
    isolates: random.chance(0.7),
    levels,
    defaultLevel: levels === 0 ? 0 : random.between(1, levels),
    defaultPolicy: drawPolicyHere(),
    policies: Array.from({ length: levels + 1 }, (_, level) =>
      level > 0 && random.chance(0.5) ? drawPolicyHere() : undefined,
    ),
  };
}

function drawPreferred(random: Random, maxBatchSize: number): readonly number[] {
  const sizes = Array.from({ length: maxBatchSize }, (_, index) => index + 1);
  const some = random.pick([0, 0.3, 0.5]);
  const chosen = sizes.filter(() => random.chance(some));
  return random.chance(0.3) && maxBatchSize > 0 ? [maxBatchSize] : chosen;
}

function drawPolicy(random: Random, profile: Profile, preservesOrder: boolean): PolicyPlan {
  const hasTimeout = profile.timeouts && random.chance(0.6);
  return {
    action: !preservesOrder && random.chance(0.5) ? "DELAY" : "REJECT",
    timeoutMs: hasTimeout ? random.between(1, 25) : 0,
    allowsOverride: profile.timeouts && random.chance(0.5),
    maxSize: profile.queueLimits && random.chance(0.4) ? random.between(1, 12) : 0,
  };
}

function drawLimits(random: Random, profile: Profile): LimitsPlan {
  const backoffMs = pauseOf(random.between(1, 10));
  return {
    maxWaiting: profile.queueLimits && random.chance(0.4) ? random.between(2, 20) : 8192,
    loadTimeoutMs: limitOf(random.between(25, 60)),
    executionTimeoutMs: profile.hangs ? limitOf(random.between(16, 40)) : Infinity,
    backoffMs,
    maxBackoffMs: backoffMs * random.pick([1, 3, 8]),
    maxWrittenOff: random.pick([0, 1, 2, 4]),
  };
}
