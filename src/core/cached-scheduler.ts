/**
 * Cached scheduler: answers a request from the response cache if it can, in front of the scheduler
 * that runs the model, and keeps what that one answers.
 *
 *   request ──> key ──> found ──> answer at once: no queue, no instance, no execution
 *                └────> not found ──> scheduler ──> keep a copy ──> answer
 *
 * Kept is what is a whole, successful, single response. Never asked for: requests of a sequence,
 * one whose time is over already, and whatever a model is asked that takes nothing new or is out of
 * service: the scheduler says why.
 *
 * Statistics: a hit is a success and a `cache_hit`, and nothing else; a miss is counted when its
 * request has succeeded, with the time of look-up and keeping, which is part of the request's. So
 * `cache_miss` counts what was computed. (Triton also counts misses of requests that fail.)
 *
 * Not here: the cache (response-cache.ts), what is equal (request-key.ts), requests that come while
 * an equal one is being computed (single-flight.ts).
 */
import type { FailureReason, InferenceError } from "../protocol/errors.ts";
import type { InferRequest, InferResponse } from "../protocol/infer.ts";
import type { CacheShare } from "./response-cache.ts";
import { endedRequest } from "./scheduled-request.ts";
import type { EnqueueOptions, PendingRequest, ResponseSink, Scheduler } from "./scheduler.ts";
import { isShareable, type SharingOptions, sharingKey, tell } from "./sharing.ts";
import type { StoredResponse } from "./stored-response.ts";

export class CachedScheduler implements Scheduler {
  readonly #scheduler: Scheduler;
  readonly #share: CacheShare;
  readonly #options: SharingOptions;
  #isDraining = false;

  constructor(scheduler: Scheduler, share: CacheShare, options: SharingOptions) {
    this.#scheduler = scheduler;
    this.#share = share;
    this.#options = options;
  }

  enqueue(request: InferRequest, sink: ResponseSink, options: EnqueueOptions): PendingRequest {
    const { clock } = this.#options;
    const startMs = clock.nowMs();
    if (this.#isDraining || !isShareable(request, options.deadlineMs, this.#options)) {
      return this.#scheduler.enqueue(request, sink, options);
    }
    const key = sharingKey(request, options, this.#options);
    const stored = this.#share.lookUp(key);
    const lookupMs = clock.nowMs() - startMs;
    this.#share.cache.lookupMs += lookupMs;
    if (stored === undefined) {
      const keeping = new KeepingSink(this, sink, { key, lookupMs });
      return this.#scheduler.enqueue(request, keeping, options);
    }
    this.#options.statistics.requestHit(lookupMs);
    this.#answer(request, sink, stored);
    return endedRequest;
  }

  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#share.close();
    await this.#scheduler.drain();
  }

  get isIdle(): boolean {
    return this.#scheduler.isIdle;
  }

  close(): void {
    this.#scheduler.close();
  }

  failAll(error: InferenceError): void {
    this.#scheduler.failAll(error);
  }

  /** It was not found, and has been computed. `isWhole`: this is all of its answer. */
  computed({ key, lookupMs }: Miss, response: InferResponse, isWhole: boolean): void {
    const { clock, statistics } = this.#options;
    const startMs = clock.nowMs();
    if (isWhole) this.#share.keep(key, response);
    const insertionMs = clock.nowMs() - startMs;
    this.#share.cache.insertionMs += insertionMs;
    statistics.requestMissed(lookupMs + insertionMs);
  }

  #answer({ id }: InferRequest, sink: ResponseSink, stored: StoredResponse): void {
    const { config } = this.#options;
    const { outputs, parameters } = stored;
    const { name: modelName, version: modelVersion } = config;
    const timing = { queueMs: 0, batchMs: 0, computeMs: 0, outputMs: 0 };
    const answer = { modelName, modelVersion, id, parameters, outputs, timing };
    tell(this.#options, id, () => sink.respond({ ...answer, isShared: true }, true));
  }
}

interface Miss {
  readonly key: string;
  readonly lookupMs: number;
}

/** Passes answers on; shows those that end a request to the cache before. */
class KeepingSink implements ResponseSink {
  readonly #owner: CachedScheduler;
  readonly #sink: ResponseSink;
  readonly #miss: Miss;
  #isWhole = true;

  constructor(owner: CachedScheduler, sink: ResponseSink, miss: Miss) {
    this.#owner = owner;
    this.#sink = sink;
    this.#miss = miss;
  }

  respond(response: InferResponse, isFinal: boolean): void {
    if (isFinal) this.#owner.computed(this.#miss, response, this.#isWhole);
    else this.#isWhole = false;
    this.#sink.respond(response, isFinal);
  }

  fail(error: InferenceError, reason?: FailureReason): void {
    this.#sink.fail(error, reason);
  }

  expired(error: InferenceError): number {
    return this.#sink.expired?.(error) ?? 0;
  }
}
