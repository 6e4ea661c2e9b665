/**
 * Shared answers: the layers in front of a model's scheduler that answer several requests with what
 * was computed once, as the model asks for.
 *
 *   request ──> single-flight.ts ──> cached-scheduler.ts ──> batch-scheduler.ts
 *
 * Single-flight comes first: who asks for what is being computed waits for it, and only who does not
 * is looked up in the cache. So a look-up that misses is a computation.
 */
import { CachedScheduler } from "./cached-scheduler.ts";
import type { ResponseCache } from "./response-cache.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SharingOptions } from "./sharing.ts";
import { SingleFlight } from "./single-flight.ts";

export function withSharedAnswers(
  scheduler: Scheduler,
  cache: ResponseCache,
  options: SharingOptions,
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
