/**
 * Batch scheduler: the queue of one model version, and the moments at which something leaves it.
 *
 *   enqueue ──> queue ──look──> batch ──> free instance ──> answers
 *                  └── expired, out of time, cancelled ──> error
 *
 * It looks when an instance becomes free, at once; when a request arrives or is cancelled and an
 * instance is free, at the end of that turn, so that requests that come together leave together;
 * and at the moment it has set itself: the earliest end of a delay, a timeout or a deadline.
 * A look hands batches to free instances until there are none, or nothing is ready to leave.
 *
 * Without `dynamicBatching` each request is a batch of its own, in order of arrival.
 *
 * Invariants, checked by the simulation:
 *   1. Every accepted request ends exactly once.
 *   2. After a look, nothing is ready to leave while an instance is free.
 *   3. Nothing is handed over after its timeout, its deadline, or its caller has gone.
 *
 * Not here: which requests form a batch (dynamic-batcher.ts), the order of the queue
 * (request-queue.ts) and what bounds it (queue-limits.ts), what ends a request
 * (request-answers.ts).
 */
import { type FailureReason, InferenceError } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { Clock } from "./clock.ts";
import { type CompatibilityKeyOf, compatibilityKeyFor } from "./compatibility-key.ts";
import { DeadlineHeap } from "./deadline-heap.ts";
import { DynamicBatcher } from "./dynamic-batcher.ts";
import type { InstancePool, PoolOwner } from "./instance-pool.ts";
import type { Log } from "./log.ts";
import type { ModelConfig, QueuePolicy } from "./model-config.ts";
import type { ModelStatistics } from "./model-statistics.ts";
import { QueueLimits } from "./queue-limits.ts";
import { type Receiver, RequestAnswers } from "./request-answers.ts";
import { measure, noMeasures, type RequestMeasures } from "./request-measures.ts";
import { RequestQueue } from "./request-queue.ts";
import { RunningBatch, type RunningBatchOptions } from "./running-batch.ts";
import { endedRequest, type RequestOwner, ScheduledRequest } from "./scheduled-request.ts";
import type { EnqueueOptions, PendingRequest, ResponseSink, Scheduler } from "./scheduler.ts";
import { stopping } from "./stopping.ts";

export interface BatchSchedulerOptions {
  readonly config: ModelConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly statistics: ModelStatistics;
  readonly instances: InstancePool;
  /** Shared by the schedulers of a server. */
  readonly waitingBytes: ByteBudget;
  readonly measures?: RequestMeasures | undefined;
  /** With dynamic batching: nothing leaves until so many requests wait, once. For tests. */
  readonly holdUntilWaiting?: number | undefined;
}

const never = Number.POSITIVE_INFINITY;

export class BatchScheduler implements Scheduler, RequestOwner, PoolOwner {
  readonly #options: BatchSchedulerOptions;
  readonly #batchOptions: RunningBatchOptions;
  readonly #queue: RequestQueue;
  readonly #limits: QueueLimits;
  readonly #batcher: DynamicBatcher;
  readonly #deadlines: DeadlineHeap<ScheduledRequest> = new DeadlineHeap();
  readonly #answers: RequestAnswers;
  readonly #keyOf: CompatibilityKeyOf;
  /** 0: nothing is held. */
  #heldUntil: number;
  #arrivalCount = 0;
  #isLooking = false;
  #willLook = false;
  #wakeMs: number = never;
  #cancelWake: () => void = () => {};
  /** Why nothing is accepted any more. */
  #refusal: InferenceError | undefined = undefined;
  #isDraining = false;
  #isClosed = false;
  #onDrained: (() => void)[] = [];

  constructor(options: BatchSchedulerOptions) {
    const { config, clock, log, statistics } = options;
    this.#options = options;
    this.#heldUntil = config.dynamicBatching === undefined ? 0 : (options.holdUntilWaiting ?? 0);
    this.#queue = new RequestQueue(config.dynamicBatching);
    const { waitingBytes } = options;
    this.#limits = new QueueLimits({ config, clock, log, queue: this.#queue, waitingBytes });
    this.#batcher = new DynamicBatcher(config);
    this.#keyOf = compatibilityKeyFor(config);
    const onEnded = (request: ScheduledRequest): void => this.#forget(request);
    this.#answers = new RequestAnswers({ config, clock, log, statistics, onEnded });
    this.#batchOptions = { config, clock, log, statistics, answers: this.#answers };
    options.instances.serve(this);
  }

  enqueue(request: InferRequest, sink: ResponseSink, options: EnqueueOptions): PendingRequest {
    const { config, clock, statistics, measures = noMeasures } = this.#options;
    const level = this.#queue.levelOf(request.priority);
    const bytes = bytesOf(request);
    const measured = this.#whyRefused(request, options) ?? measure(request, measures, config);
    if (measured instanceof InferenceError) return this.#refuse({ request, sink }, measured);
    const refusal = this.#limits.refusal(request, level, bytes);
    if (refusal !== undefined) {
      statistics.requestRefused();
      return this.#refuse({ request, sink }, refusal);
    }
    const arrivedAtMs = clock.nowMs();
    const isBatching = config.maxBatchSize > 0;
    const scheduled = new ScheduledRequest({
      request,
      sink,
      owner: this,
      rows: isBatching ? (request.inputs[0]?.shape[0] ?? 1) : 1,
      key: isBatching ? this.#keyOf(request) : 0,
      cost: measured.cost,
      bucket: measured.bucket,
      arrivedAtMs,
      arrivalIndex: this.#arrivalCount,
      deadlineMs: options.deadlineMs,
      waitingBytes: bytes,
    });
    this.#arrivalCount += 1;
    statistics.requestAccepted();
    const timeoutMs = timeoutFor(request, this.#queue.policyOf(level));
    scheduled.expiresAtMs = arrivedAtMs + timeoutMs;
    this.#queue.append(scheduled, level);
    this.#trackDeadline(scheduled);
    if (this.#options.instances.hasFree) this.#lookSoon();
    else this.#setWake();
    return scheduled;
  }

  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#options.statistics.executingCount === 0;
  }

  close(): void {
    this.#isClosed = true;
  }

  drain(): Promise<void> {
    this.#isDraining = true;
    if (this.#heldUntil > 0) this.#lookSoon();
    return new Promise((resolve) => {
      this.#onDrained.push(resolve);
      this.#tellIfDrained();
    });
  }

  failAll(error: InferenceError): void {
    this.#failWaiting(error);
    // What was held back for them goes out.
    for (const request of this.#options.instances.runningRequests()) {
      this.#end(request, error, error.reason);
    }
  }

  cancelRequest(request: ScheduledRequest): void {
    const { stage } = request;
    this.#end(request, new InferenceError("CANCELLED", "Request cancelled"), "CANCELED");
    // What is left may be just what was waited for.
    if (stage === "waiting" && this.#options.instances.hasFree) this.#lookSoon();
  }

  instanceFree(): void {
    if (this.#isLooking) this.#lookSoon();
    else this.#look();
  }

  /** What runs in other instances goes on. */
  outOfService(cause: InferenceError): void {
    this.#refusal = new InferenceError("UNAVAILABLE", cause.message, { reason: "BACKEND", cause });
    this.#failWaiting(this.#refusal);
  }

  #refuse(to: Receiver, why: InferenceError): PendingRequest {
    this.#answers.sendError(to, why);
    return endedRequest;
  }

  #whyRefused(
    request: InferRequest,
    { isInternal = false }: EnqueueOptions,
  ): InferenceError | undefined {
    if (this.#refusal !== undefined) return this.#refusal;
    const isRefusing = isInternal ? this.#isClosed : this.#isDraining;
    return isRefusing ? stopping(request) : undefined;
  }

  #lookSoon(): void {
    if (this.#willLook) return;
    const { clock } = this.#options;
    this.#willLook = true;
    clock.wakeAt(clock.nowMs(), () => {
      this.#willLook = false;
      this.#look();
    });
  }

  #look(): void {
    const { clock, instances } = this.#options;
    const nowMs = clock.nowMs();
    this.#isLooking = true;
    // What answers at once may bring new requests, perhaps without any time left.
    do this.#endOverdue(nowMs);
    while (!this.#isHolding() && instances.hasFree && this.#handOver(nowMs));
    this.#isLooking = false;
    this.#setWake();
  }

  #isHolding(): boolean {
    if (this.#queue.length < this.#heldUntil && !this.#isDraining) return true;
    this.#heldUntil = 0;
    return false;
  }

  /** False if nothing is ready to leave. */
  #handOver(nowMs: number): boolean {
    const batch = this.#batcher.takeBatch(this.#queue, nowMs);
    if (batch === undefined) return false;
    const { requests, rows, closeReason } = batch;
    for (const request of requests) {
      this.#options.waitingBytes.giveBack(request.waitingBytes);
      this.#answers.taken(request);
    }
    this.#options.statistics.batchHandedOver(requests.length, rows, closeReason);
    const running = new RunningBatch(this.#batchOptions, { requests, rows, computeStartMs: nowMs });
    this.#options.instances.takeFree()?.run(running);
    return true;
  }

  /** What is due: past the caller's deadline, or past its timeout while it waits. */
  #endOverdue(nowMs: number): void {
    for (;;) {
      const request = this.#deadlines.takeDue(nowMs);
      if (request === undefined) return;
      if (nowMs > request.deadlineMs) {
        const error = new InferenceError("DEADLINE_EXCEEDED", "Deadline Exceeded");
        this.#end(request, error, "CANCELED");
      } else if (request.stage === "waiting") this.#expire(request);
      else this.#trackDeadline(request);
    }
  }

  #expire(request: ScheduledRequest): void {
    const policy = this.#queue.policyOf(this.#queue.levelIn(request));
    if (policy.timeoutAction === "DELAY") {
      this.#queue.delay(request);
      request.expiresAtMs = never;
      this.#trackDeadline(request);
    } else {
      const error = new InferenceError("UNAVAILABLE", "Request timeout expired", {
        retryAfterS: 1,
      });
      const moreMs = request.sink.expired?.(error) ?? 0;
      if (moreMs > 0) this.#waitOn(request, moreMs);
      else this.#answers.fail(request, error, "REJECTED");
    }
  }

  /** Its first caller's time is over, but not another's: unless that one has gone meanwhile. */
  #waitOn(request: ScheduledRequest, moreMs: number): void {
    if (request.stage === "ended") return;
    request.expiresAtMs += moreMs;
    this.#trackDeadline(request);
  }

  #trackDeadline(request: ScheduledRequest): void {
    const { expiresAtMs, deadlineMs, stage } = request;
    request.dueMs = stage === "waiting" ? Math.min(expiresAtMs, deadlineMs) : deadlineMs;
    if (request.dueMs !== never) this.#deadlines.add(request);
  }

  /** Sleeps until something is due, or a delay is over that an instance is free for. */
  #setWake(): void {
    const delayEndMs = this.#options.instances.hasFree ? this.#batcher.wakeMs : never;
    const wakeMs = Math.min(this.#deadlines.wakeMs(), delayEndMs);
    if (wakeMs === this.#wakeMs) return;
    this.#cancelWake();
    this.#wakeMs = wakeMs;
    if (wakeMs === never) return;
    this.#cancelWake = this.#options.clock.wakeAt(wakeMs, () => {
      this.#wakeMs = never;
      this.#look();
    });
  }

  #failWaiting(error: InferenceError): void {
    // Whoever hears of it may send more.
    while (this.#queue.length > 0) {
      for (const lane of this.#queue.lanes()) {
        for (let next = lane.first(); next !== undefined; next = lane.first()) {
          this.#answers.fail(next, error, error.reason);
        }
      }
    }
  }

  #end(request: ScheduledRequest, error: InferenceError, reason: FailureReason): void {
    const { batch, stage } = request;
    if (stage === "ended") return;
    this.#answers.fail(request, error, reason);
    batch?.abort(request);
  }

  /** It has ended. */
  #forget(request: ScheduledRequest): void {
    if (request.batch === undefined) {
      this.#queue.remove(request);
      this.#options.waitingBytes.giveBack(request.waitingBytes);
    } else request.batch.requestEnded(request);
    if (request.isTracked) this.#deadlines.noteEnded();
    if (this.#isDraining) this.#tellIfDrained();
  }

  #tellIfDrained(): void {
    if (!this.isIdle) return;
    // What it sleeps for has ended: a timer left behind would keep a process from ending.
    this.#cancelWake();
    this.#wakeMs = never;
    for (const tell of this.#onDrained.splice(0)) tell();
  }
}

function timeoutFor(request: InferRequest, policy: QueuePolicy): number {
  const { defaultTimeoutMs, allowTimeoutOverride } = policy;
  const timeoutMs = defaultTimeoutMs === 0 ? never : defaultTimeoutMs;
  if (!allowTimeoutOverride || request.timeoutMs === 0) return timeoutMs;
  return Math.min(timeoutMs, request.timeoutMs);
}

function bytesOf({ inputs }: InferRequest): number {
  let bytes = 0;
  for (const { byteLength } of inputs) bytes += byteLength;
  return bytes;
}
