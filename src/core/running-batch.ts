/**
 * Running batch: the requests that one instance runs together, and the ear for its answers.
 *
 * Whatever an instance says, each request gets exactly one end: an answer for a request that has
 * ended (its caller has gone), a second final answer, one after the end of the execution or for an
 * index that does not exist are dropped; a request that was forgotten fails when the execution
 * ends, unless its model streams: then it has had all its responses. What only a faulty instance
 * does is logged.
 *
 * Not here: time limits and crashes (instance-supervisor.ts), what an answer becomes
 * (request-answers.ts).
 */
import { InferenceError } from "../protocol/errors.ts";
import { noParameters } from "../protocol/infer.ts";
import type { Clock } from "./clock.ts";
import type {
  ExecutionBatch,
  ExecutionEmitter,
  ExecutionTimes,
  Instance,
  ModelAnswer,
  ModelResponse,
} from "./instance.ts";
import type { Log } from "./log.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ExecutionMoments, ModelStatistics } from "./model-statistics.ts";
import type { RequestAnswers } from "./request-answers.ts";
import type { BatchOfRequest, ScheduledRequest } from "./scheduled-request.ts";

/** Shared by all batches of a model version. */
export interface RunningBatchOptions {
  readonly config: ModelConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly statistics: ModelStatistics;
  readonly answers: RequestAnswers;
}

/** Who waits for the end of an execution. */
export interface BatchRunner {
  batchDone(batch: RunningBatch): void;
}

export interface BatchStart {
  readonly requests: readonly ScheduledRequest[];
  readonly rows: number;
  readonly computeStartMs: number;
}

export class RunningBatch implements ExecutionBatch, ExecutionEmitter, BatchOfRequest {
  readonly requests: readonly ScheduledRequest[];
  readonly rows: number;
  readonly #options: RunningBatchOptions;
  readonly #moments: BatchMoments;
  readonly #isDecoupled: boolean;
  #isRunning = true;
  #liveCount: number;
  /** Responses that nobody has taken yet, and the last moment at which one was taken. */
  #untakenCount = 0;
  #signMs: number;
  #instance: Instance | undefined = undefined;
  #runner: BatchRunner | undefined = undefined;

  constructor(options: RunningBatchOptions, { requests, rows, computeStartMs }: BatchStart) {
    this.#options = options;
    this.requests = requests;
    this.rows = rows;
    this.#moments = new BatchMoments(computeStartMs);
    this.#liveCount = requests.length;
    this.#isDecoupled = options.config.isDecoupled;
    this.#signMs = computeStartMs;
    let index = 0;
    for (const request of requests) {
      request.stage = "executing";
      request.batch = this;
      request.batchIndex = index;
      request.respondedMs = computeStartMs;
      index += 1;
    }
  }

  /**
   * Since when its instance owes a sign of life: since it was called, or, if it streams, since the
   * latest response was taken. While one is still to be taken, nothing is owed: Infinity.
   */
  get silentSinceMs(): number {
    return this.#untakenCount > 0 ? Number.POSITIVE_INFINITY : this.#signMs;
  }

  /** Hands itself to the instance. Answers may come before this returns. */
  run(instance: Instance, runner: BatchRunner): void {
    this.#instance = instance;
    this.#runner = runner;
    try {
      instance.execute(this, this);
    } catch (reason) {
      this.failed(this.#timesByNow(), InferenceError.from(reason));
    }
  }

  abort(index: number): void {
    if (this.#isRunning) this.#instance?.abort(this, index);
  }

  /** What was not given cannot be taken. */
  credit(index: number, responseCount: number): void {
    const request = this.requests[index];
    const taken = Math.min(responseCount, request?.untakenCount ?? 0);
    if (request === undefined || taken <= 0) return;
    this.#noteTaken(request, taken);
    if (this.#isRunning) this.#instance?.credit(this, index, taken);
  }

  requestEnded(request: ScheduledRequest): void {
    this.#liveCount -= 1;
    if (request.untakenCount > 0) this.#noteTaken(request, request.untakenCount);
    this.#recordWhenOver();
  }

  respond(requestIndex: number, response: ModelResponse, isFinal: boolean): void {
    const request = this.#expecting(requestIndex);
    if (request === undefined) return;
    if (isFinal) request.isAnswered = true;
    else if (this.#isDecoupled) this.#noteGiven(request);
    const moments = new BatchMoments(this.#moments.computeStartMs);
    moments.end(this.#timesByNow(), this.#options.clock.nowMs());
    this.#options.answers.respond(request, response, isFinal, moments);
  }

  fail(requestIndex: number, error: InferenceError): void {
    const request = this.#expecting(requestIndex);
    if (request === undefined) return;
    request.isAnswered = true;
    this.#options.answers.failByModel(request, error);
  }

  done(times: ExecutionTimes, answers: readonly ModelAnswer[]): void {
    if (!this.#isRunning) return;
    this.#end(times);
    // The next batch first: the instance computes it while these answers are written.
    this.#runner?.batchDone(this);
    for (const request of this.requests) this.#answer(request, answers[request.batchIndex]);
    this.#recordWhenOver();
  }

  failed(times: ExecutionTimes, error: InferenceError): void {
    if (!this.#isRunning) return;
    this.#end(times);
    this.#runner?.batchDone(this);
    this.failRest(error);
  }

  /** The instance is lost: nothing more is heard of it, nor asked. What is open has yet to fail. */
  breakOff(): void {
    this.#end(this.#timesByNow());
  }

  /** Since it has ended. */
  failRest(error: InferenceError): void {
    for (const request of this.requests) this.#answer(request, error);
    this.#recordWhenOver();
  }

  #end(times: ExecutionTimes): void {
    this.#isRunning = false;
    this.#moments.end(times, this.#options.clock.nowMs());
  }

  #answer(request: ScheduledRequest, answer: ModelAnswer): void {
    if (request.isAnswered || request.stage === "ended") return;
    const { answers, config } = this.#options;
    request.isAnswered = true;
    if (answer === undefined && this.#isDecoupled) {
      answers.respond(request, noMore, true, this.#moments);
    } else if (answer === undefined) answers.failByModel(request, forgotten(config));
    else if (answer instanceof InferenceError) answers.failByModel(request, answer);
    else answers.respond(request, answer, true, this.#moments);
  }

  #noteGiven(request: ScheduledRequest): void {
    request.untakenCount += 1;
    this.#untakenCount += 1;
  }

  #noteTaken(request: ScheduledRequest, count: number): void {
    request.untakenCount -= count;
    this.#untakenCount -= count;
    this.#signMs = this.#options.clock.nowMs();
  }

  #recordWhenOver(): void {
    if (this.#isRunning || this.#liveCount > 0) return;
    this.#liveCount = Number.POSITIVE_INFINITY; // Once.
    this.#options.statistics.executionEnded(this.rows, this.#moments);
  }

  /** The request that an instance may answer now. */
  #expecting(index: number): ScheduledRequest | undefined {
    if (!this.#isRunning) return undefined;
    const request = this.requests[index];
    if (request === undefined) this.#logFault(`there is no request ${index} in its batch`);
    else if (request.isAnswered) this.#logFault(`request ${index} was answered twice`);
    else if (request.stage !== "ended") return request;
    return undefined;
  }

  #timesByNow(): ExecutionTimes {
    const { computeStartMs } = this.#moments;
    return { computeInputEndMs: computeStartMs, computeOutputStartMs: this.#options.clock.nowMs() };
  }

  #logFault(what: string): void {
    const { log, config } = this.#options;
    const { name: model, version } = config;
    log.error(`instance of model '${model}' misbehaves: ${what}`, { model, version });
  }
}

/** How a model that streams ends a request, if its last response did not say so. */
const noMore: ModelResponse = { outputs: [], parameters: noParameters };

/** Where the life of an execution was cut; all its requests share these moments. */
class BatchMoments implements ExecutionMoments {
  readonly computeStartMs: number;
  computeInputEndMs = 0;
  computeOutputStartMs = 0;
  computeEndMs = 0;

  constructor(computeStartMs: number) {
    this.computeStartMs = computeStartMs;
  }

  /** Clipped to what is possible: an instance's clock may be slightly off. */
  end({ computeInputEndMs, computeOutputStartMs }: ExecutionTimes, nowMs: number): void {
    this.computeEndMs = nowMs;
    this.computeInputEndMs = clip(computeInputEndMs, this.computeStartMs, nowMs);
    this.computeOutputStartMs = clip(computeOutputStartMs, this.computeInputEndMs, nowMs);
  }
}

function clip(valueMs: number, lowMs: number, highMs: number): number {
  return Math.min(Math.max(valueMs, lowMs), highMs);
}

function forgotten(config: ModelConfig): InferenceError {
  return new InferenceError(
    "INTERNAL",
    `model '${config.name}' ended an execution without answering this request`,
    { reason: "BACKEND" },
  );
}
