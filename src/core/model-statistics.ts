/**
 * Statistics of one model version: one set of counters, from which the protocol's statistics and
 * the metrics page are both read. Kept from load to unload.
 *
 * All durations of a request are taken as whole nanoseconds since its arrival, and then
 * subtracted. So the parts of a request never add up to more than the whole, whatever is rounded.
 *
 * An execution is entered when it has ended and the last of its requests has too, so that there
 * are never more executions than requests that account for them. "expiry" stays 0 among the close
 * reasons: a request that expires leaves alone, and no batch leaves because of it.
 *
 * Invariants, checked by the simulation after every step:
 *   1. queue.count = success.count = compute_*.count + cache hits + shared
 *   2. executionCount = sum of the counts of `batches` <= success + fail
 *   3. accepted = success + fail + pending + executing + following
 *   4. request ns >= queue + compute_input + compute_infer + compute_output
 *
 * Not here: the texts of the protocol's statistics and of the metrics page (frontends, server).
 */
import type { FailureReason } from "../protocol/errors.ts";
import {
  ComputeCounters,
  type DurationCount,
  DurationCounter,
  type ResponseCounter,
  ResponseCounters,
  type ResponseEnd,
} from "./duration-counters.ts";
import { Histogram, type HistogramSnapshot } from "./histogram.ts";

/** Where the life of an execution was cut, on the core's clock, in this order. */
export interface ExecutionMoments {
  readonly computeStartMs: number;
  readonly computeInputEndMs: number;
  readonly computeOutputStartMs: number;
  readonly computeEndMs: number;
}

/** The last word on a request, on the core's clock. */
export interface EndedRequest {
  readonly rows: number;
  readonly arrivedAtMs: number;
  readonly endMs: number;
}

export type InstanceCondition = "ready" | "busy" | "loading" | "dead";

/** A request that has been given a response, or has ended without a further one. */
export interface RespondedRequest {
  /** Responses before. */
  readonly responseCount: number;
  /** When the model was called, or had computed its previous response. */
  readonly respondedMs: number;
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
  /** It is answered from the response cache, if that has the answer. */
  readonly isCached: boolean;
  /** Answered with what an equal request was computed for. */
  readonly shared: DurationCount;
  /** Waiting for that. */
  readonly followingCount: number;
  /** Ascending batch sizes (rows). */
  readonly batches: readonly {
    readonly batchSize: number;
    readonly computeInput: DurationCount;
    readonly computeInfer: DurationCount;
    readonly computeOutput: DurationCount;
  }[];
  /** Of a streaming model: the first responses of its requests, the second ones, and so on. */
  readonly responses: readonly Readonly<Record<ResponseCounter, DurationCount>>[];
  readonly failures: Readonly<Record<FailureReason, number>>;
  /** Accepted, not yet handed to an instance. */
  readonly pendingCount: number;
  /** In a batch that an instance runs. */
  readonly executingCount: number;
  readonly batchesClosed: Readonly<Record<BatchCloseReason, number>>;
  /** Batches that failed and were run again in parts, and how many parts. Not executions. */
  readonly isolation: { readonly batches: number; readonly parts: number };
  readonly instances: Readonly<Record<InstanceCondition, number>>;
  readonly instanceRestarts: number;
  readonly loadDurationMs: number;
  /** Seconds. */
  readonly requestDuration: HistogramSnapshot;
  readonly queueDuration: HistogramSnapshot;
  readonly computeDuration: HistogramSnapshot;
  readonly batchRows: HistogramSnapshot;
  /** The model's `metric_tags`. */
  readonly metricTags?: Readonly<Record<string, string>>;
}

/** A stream may be endless: the last place counts its own response and all that follow. */
const countedResponses = 256;

/** Upper bounds of durations, in seconds. */
const durationBounds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

const nsPerS = 1e9;

const rowBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

const never = Number.NEGATIVE_INFINITY;

export class ModelStatistics {
  readonly #modelName: string;
  readonly #modelVersion: number;
  #lastInferenceAtMs = never;
  /** The moment that was last told, and in wall time. */
  #toldAtMs = never;
  #toldWallMs = 0;
  #inferenceCount = 0;
  #executionCount = 0;
  readonly #success = new DurationCounter();
  readonly #fail = new DurationCounter();
  readonly #queue = new DurationCounter();
  readonly #compute = new ComputeCounters();
  readonly #cacheHit = new DurationCounter();
  readonly #cacheMiss = new DurationCounter();
  readonly #shared = new DurationCounter();
  readonly #batches = new Map<number, ComputeCounters>();
  readonly #responses: ResponseCounters[] = [];
  readonly #failures: Record<FailureReason, number> = {
    REJECTED: 0,
    CANCELED: 0,
    BACKEND: 0,
    OTHER: 0,
  };
  readonly #batchesClosed: Record<BatchCloseReason, number> = {
    full: 0,
    preferred: 0,
    delay: 0,
    shape: 0,
    no_delay: 0,
    expiry: 0,
  };
  readonly #instances: Record<InstanceCondition, number> = {
    ready: 0,
    busy: 0,
    loading: 0,
    dead: 0,
  };
  readonly #requestDuration = new Histogram(durationBounds, nsPerS);
  readonly #queueDuration = new Histogram(durationBounds, nsPerS);
  readonly #computeDuration = new Histogram(durationBounds, nsPerS);
  readonly #batchRows = new Histogram(rowBounds, 1);
  #pendingCount = 0;
  #executingCount = 0;
  #isolatedBatches = 0;
  #executedParts = 0;
  #followingCount = 0;
  #instanceRestarts = 0;

  loadDurationMs = 0;
  isCached = false;

  constructor(modelName: string, modelVersion: number) {
    this.#modelName = modelName;
    this.#modelVersion = modelVersion;
  }

  get pendingCount(): number {
    return this.#pendingCount;
  }

  get executingCount(): number {
    return this.#executingCount;
  }

  get followingCount(): number {
    return this.#followingCount;
  }

  requestAccepted(): void {
    this.#pendingCount += 1;
  }

  /** Of an ensemble: it never waits, and is in no batch. */
  requestStarted(): void {
    this.#executingCount += 1;
  }

  batchHandedOver(requestCount: number, rows: number, why: BatchCloseReason): void {
    this.#pendingCount -= requestCount;
    this.#executingCount += requestCount;
    this.#batchesClosed[why] += 1;
    this.#batchRows.observe(rows);
  }

  requestSucceeded({ rows, arrivedAtMs, endMs }: EndedRequest, moments: ExecutionMoments): void {
    const startNs = nsBetween(arrivedAtMs, moments.computeStartMs);
    const inputEndNs = nsBetween(arrivedAtMs, moments.computeInputEndMs);
    const outputStartNs = nsBetween(arrivedAtMs, moments.computeOutputStartMs);
    const computeEndNs = nsBetween(arrivedAtMs, moments.computeEndMs);
    const requestNs = nsBetween(arrivedAtMs, endMs);
    this.#executingCount -= 1;
    this.#inferenceCount += rows;
    this.#lastInferenceAtMs = endMs;
    this.#answered(requestNs, startNs);
    this.#compute.input.add(inputEndNs - startNs);
    this.#compute.infer.add(outputStartNs - inputEndNs);
    this.#compute.output.add(computeEndNs - outputStartNs);
    this.#computeDuration.observe(outputStartNs - inputEndNs);
  }

  /** Answered from the cache: it never waited, and nothing was computed. */
  requestHit(lookupMs: number): void {
    const lookupNs = nsBetween(0, lookupMs);
    this.#answered(lookupNs, 0);
    this.#cacheHit.add(lookupNs);
  }

  /** It has succeeded; what the cache took comes on top. */
  requestMissed(cacheMs: number): void {
    const cacheNs = nsBetween(0, cacheMs);
    this.#cacheMiss.add(cacheNs);
    this.#success.ns += cacheNs;
  }

  /** It waits for the answer of an equal one. */
  requestFollows(): void {
    this.#followingCount += 1;
  }

  followerSucceeded(lifeMs: number, queueMs: number): void {
    const lifeNs = nsBetween(0, lifeMs);
    this.#followingCount -= 1;
    this.#answered(lifeNs, Math.min(lifeNs, nsBetween(0, queueMs)));
    this.#shared.add(lifeNs);
  }

  followerFailed(lifeMs: number, reason: FailureReason): void {
    this.#followingCount -= 1;
    this.#countFailure(nsBetween(0, lifeMs), reason);
  }

  requestFailed(stage: "waiting" | "executing", lifeMs: number, reason: FailureReason): void {
    if (stage === "waiting") this.#pendingCount -= 1;
    else this.#executingCount -= 1;
    this.#countFailure(nsBetween(0, lifeMs), reason);
  }

  /** A response of a streaming model, or the end of a request that gets no further one. */
  responseEnded(
    { responseCount, respondedMs }: RespondedRequest,
    how: ResponseEnd,
    moments: Pick<ExecutionMoments, "computeOutputStartMs" | "computeEndMs">,
  ): void {
    const { computeOutputStartMs, computeEndMs } = moments;
    const place = Math.min(responseCount, countedResponses - 1);
    this.#responses[place] ??= new ResponseCounters();
    const counters = this.#responses[place];
    counters[how].add(nsBetween(respondedMs, computeEndMs));
    if (how === "fail" || how === "cancel") return;
    // Its clock may say that it was done before the previous one was heard.
    const inferNs = nsBetween(respondedMs, Math.max(respondedMs, computeOutputStartMs));
    counters.computeInfer.add(inferNs);
    counters.computeOutput.add(nsBetween(respondedMs, computeEndMs) - inferNs);
  }

  /** By a full queue: it never waited. */
  requestRefused(): void {
    this.#countFailure(0, "REJECTED");
  }

  executionEnded(rows: number, moments: ExecutionMoments): void {
    const { computeStartMs } = moments;
    const inputEndNs = nsBetween(computeStartMs, moments.computeInputEndMs);
    const outputStartNs = nsBetween(computeStartMs, moments.computeOutputStartMs);
    let counters = this.#batches.get(rows);
    if (counters === undefined) {
      counters = new ComputeCounters();
      this.#batches.set(rows, counters);
    }
    this.#executionCount += 1;
    counters.input.add(inputEndNs);
    counters.infer.add(outputStartNs - inputEndNs);
    counters.output.add(nsBetween(computeStartMs, moments.computeEndMs) - outputStartNs);
  }

  batchIsolated(): void {
    this.#isolatedBatches += 1;
  }

  partExecuted(): void {
    this.#executedParts += 1;
  }

  instanceChanged(from: InstanceCondition | undefined, to: InstanceCondition | undefined): void {
    if (from !== undefined) this.#instances[from] -= 1;
    if (to !== undefined) this.#instances[to] += 1;
  }

  instanceRestarted(): void {
    this.#instanceRestarts += 1;
  }

  snapshot(now: { readonly nowMs: number; readonly wallMs: number }): ModelStatisticsSnapshot {
    return {
      modelName: this.#modelName,
      modelVersion: this.#modelVersion,
      lastInferenceMs: this.#lastInferenceMs(now),
      inferenceCount: this.#inferenceCount,
      executionCount: this.#executionCount,
      success: this.#success.snapshot(),
      fail: this.#fail.snapshot(),
      queue: this.#queue.snapshot(),
      computeInput: this.#compute.input.snapshot(),
      computeInfer: this.#compute.infer.snapshot(),
      computeOutput: this.#compute.output.snapshot(),
      cacheHit: this.#cacheHit.snapshot(),
      cacheMiss: this.#cacheMiss.snapshot(),
      isCached: this.isCached,
      shared: this.#shared.snapshot(),
      followingCount: this.#followingCount,
      batches: this.#batchSnapshots(),
      responses: this.#responses.map((counters) => counters.snapshot()),
      failures: { ...this.#failures },
      pendingCount: this.#pendingCount,
      executingCount: this.#executingCount,
      batchesClosed: { ...this.#batchesClosed },
      isolation: { batches: this.#isolatedBatches, parts: this.#executedParts },
      instances: { ...this.#instances },
      instanceRestarts: this.#instanceRestarts,
      loadDurationMs: this.loadDurationMs,
      requestDuration: this.#requestDuration.snapshot(),
      queueDuration: this.#queueDuration.snapshot(),
      computeDuration: this.#computeDuration.snapshot(),
      batchRows: this.#batchRows.snapshot(),
    };
  }

  /**
   * In wall time. Two clocks are never quite in step: so a moment is converted once, when somebody
   * first asks for it, and told the same way from then on.
   */
  #lastInferenceMs({ nowMs, wallMs }: { readonly nowMs: number; readonly wallMs: number }): number {
    if (this.#toldAtMs !== this.#lastInferenceAtMs) {
      this.#toldAtMs = this.#lastInferenceAtMs;
      this.#toldWallMs = Math.round(wallMs - (nowMs - this.#toldAtMs));
    }
    return this.#toldWallMs;
  }

  #batchSnapshots(): ModelStatisticsSnapshot["batches"] {
    return [...this.#batches]
      .sort(([one], [other]) => one - other)
      .map(([batchSize, { input, infer, output }]) => ({
        batchSize,
        computeInput: input.snapshot(),
        computeInfer: infer.snapshot(),
        computeOutput: output.snapshot(),
      }));
  }

  #answered(requestNs: number, queueNs: number): void {
    this.#success.add(requestNs);
    this.#queue.add(queueNs);
    this.#requestDuration.observe(requestNs);
    this.#queueDuration.observe(queueNs);
  }

  #countFailure(ns: number, reason: FailureReason): void {
    this.#fail.add(ns);
    this.#failures[reason] += 1;
  }
}

function nsBetween(fromMs: number, toMs: number): number {
  return Math.round((toMs - fromMs) * 1e6);
}
