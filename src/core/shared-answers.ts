/**
 * Shared answers: the layers in front of a model's scheduler that answer several requests with what
 * was computed once, as the model asks for.
 *
 *   request ──> single-flight.ts ──> cached-scheduler.ts ──> batch-scheduler.ts
 *
 * Single-flight comes first: who asks for what is being computed waits for it, and only who does not
 * is looked up in the cache. So a look-up that misses is a computation.
 */
import type { InferRequest } from "../protocol/infer.ts";
import { CachedScheduler } from "./cached-scheduler.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ModelStatistics } from "./model-statistics.ts";
import type { Digest } from "./request-key.ts";
import type { ResponseCache } from "./response-cache.ts";
import type { Scheduler } from "./scheduler.ts";
import { SingleFlight } from "./single-flight.ts";

export interface SharedAnswersOptions {
  readonly config: ModelConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly statistics: ModelStatistics;
  readonly digest: Digest;
  /** False: its instances are lost for good. Then it answers nothing, not even what is known. */
  readonly isInService: () => boolean;
}

export function withSharedAnswers(
  scheduler: Scheduler,
  cache: ResponseCache,
  options: SharedAnswersOptions,
): Scheduler {
  const { config, log, statistics } = options;
  const { name: model, version } = config;
  let shared = scheduler;
  if (config.cache !== undefined && cache.maxBytes > 0) {
    statistics.isCached = true;
    shared = new CachedScheduler(shared, cache.open(config.cache.maxBytes), options);
  } else if (config.cache !== undefined) {
    const why = "the server has no room for cached responses (cacheBytes is 0)";
    log.warning(`model '${model}' asks for a cache, but ${why}`, { model, version });
  }
  return config.singleFlight ? new SingleFlight(shared, options) : shared;
}

/** Whether a request may be answered with what another one is answered with. */
export function isShareable(
  { sequence }: InferRequest,
  deadlineMs: number,
  { clock, isInService }: SharedAnswersOptions,
): boolean {
  return sequence === undefined && clock.nowMs() <= deadlineMs && isInService();
}

/** A sink is foreign code: it may throw. */
export function tell(
  { log, config }: SharedAnswersOptions,
  requestId: string,
  say: () => void,
): void {
  try {
    say();
  } catch (error) {
    const { name: model, version } = config;
    log.error("the receiver of an answer failed", { model, version, requestId, error });
  }
}
