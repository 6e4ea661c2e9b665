/**
 * Running batch: the requests that one instance runs together, and the ear for its answers.
 *
 * Whatever an instance says, each request gets exactly one end: an answer for a request that has
 * ended (its caller has gone), a second final answer, one after the end of the execution or for an
 * index that does not exist are dropped; a request that was forgotten fails when the execution
 * ends, unless its model streams: then it has had all its responses. What only a faulty instance
 * does is logged.
 *
 * A batch that fails as a whole, perhaps because of one of its requests, is run again in parts,
 * one after another in the same instance, until it is known which requests fail by themselves.
 * Only the part that runs is heard. For all others, statistics included, that is one execution.
 *
 * Not here: time limits and crashes (instance-supervisor.ts), which parts to run (bisection.ts),
 * what an answer becomes (request-answers.ts).
 */
import { InferenceError } from "../protocol/errors.ts";
import { noParameters } from "../protocol/infer.ts";
import { BatchMoments } from "./batch-moments.ts";
import { Bisection } from "./bisection.ts";
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
  /** May parts of it run, where all of it has failed? */
  readonly mayRunAgain: boolean;
  batchDone(batch: RunningBatch): void;
}

/** Part of a batch that failed, or all of it. */
interface BatchPart extends ExecutionBatch {
  readonly requests: readonly ScheduledRequest[];
}

export interface BatchStart {
  readonly requests: readonly ScheduledRequest[];
  readonly rows: number;
  readonly computeStartMs: number;
}

/** What is known of a batch that runs in parts. */
interface Isolation {
  readonly parts: Bisection<ScheduledRequest>;
  /** Of its first execution. */
  readonly inputEndMs: number;
  readonly error: InferenceError;
}

export class RunningBatch implements ExecutionBatch, ExecutionEmitter, BatchOfRequest {
  readonly requests: readonly ScheduledRequest[];
  readonly rows: number;
  readonly #options: RunningBatchOptions;
  readonly #moments: BatchMoments;
  readonly #isDecoupled: boolean;
  #isRunning = true;
  /** What its instance runs; undefined: nothing, between two parts. */
  #part: BatchPart | undefined = this;
  #isolation: Isolation | undefined = undefined;
  #isRunningParts = false;
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
    this.#execute(this, this);
  }

  abort(request: ScheduledRequest): void {
    const part = this.#partOf(request);
    if (part !== undefined) this.#instance?.abort(part, request.batchIndex);
  }

  /** What was not given cannot be taken. */
  credit(request: ScheduledRequest, responseCount: number): void {
    const taken = Math.min(responseCount, request.untakenCount);
    if (taken <= 0) return;
    this.#noteTaken(request, taken);
    const part = this.#partOf(request);
    if (part !== undefined) this.#instance?.credit(part, request.batchIndex, taken);
  }

  requestEnded(request: ScheduledRequest): void {
    this.#liveCount -= 1;
    if (request.untakenCount > 0) this.#noteTaken(request, request.untakenCount);
    this.#recordWhenOver();
  }

  respond(requestIndex: number, response: ModelResponse, isFinal: boolean): void {
    this.#respond(this, requestIndex, { response, isFinal });
  }

  fail(requestIndex: number, error: InferenceError): void {
    this.#fail(this, requestIndex, error);
  }

  done(times: ExecutionTimes, answers: readonly ModelAnswer[]): void {
    this.#done(this, times, answers);
  }

  failed(times: ExecutionTimes, error: InferenceError): void {
    this.#failed(this, times, error);
  }

  /** The instance is lost: nothing more is heard of it, nor asked. What is open has yet to fail. */
  breakOff(): void {
    this.#end(this.#timesByNow());
  }

  /** Since it has ended. */
  failRest(error: InferenceError): void {
    for (const request of this.requests) this.#answer(request, error, this.#moments);
    this.#recordWhenOver();
  }

  #execute(part: BatchPart, emit: ExecutionEmitter): void {
    this.#part = part;
    try {
      this.#instance?.execute(part, emit);
    } catch (reason) {
      emit.failed(this.#timesByNow(), InferenceError.from(reason));
    }
  }

  #respond(
    part: BatchPart,
    requestIndex: number,
    { response, isFinal }: { readonly response: ModelResponse; readonly isFinal: boolean },
  ): void {
    const request = this.#expecting(part, requestIndex);
    if (request === undefined) return;
    if (isFinal) request.isAnswered = true;
    else if (this.#isDecoupled) this.#noteGiven(request);
    const moments = this.#momentsAt(this.#timesByNow());
    this.#options.answers.respond(request, response, isFinal, moments);
  }

  #fail(part: BatchPart, requestIndex: number, error: InferenceError): void {
    const request = this.#expecting(part, requestIndex);
    if (request === undefined) return;
    request.isAnswered = true;
    this.#options.answers.failByModel(request, error);
  }

  #done(part: BatchPart, times: ExecutionTimes, answers: readonly ModelAnswer[]): void {
    if (part !== this.#part) return;
    this.#isolation?.parts.passed();
    this.#endPart(part, times, ({ batchIndex }) => answers[batchIndex]);
  }

  #failed(part: BatchPart, times: ExecutionTimes, error: InferenceError): void {
    if (part !== this.#part) return;
    if (this.#isolation !== undefined) this.#isolation.parts.failed();
    else if (this.#mayIsolate(error)) this.#isolate(times, error);
    if (this.#isolation === undefined || part.requests.length === 1) {
      this.#endPart(part, times, () => error);
    } else {
      this.#part = undefined;
      this.#runParts(this.#isolation);
    }
  }

  /** Answers it; after the last one the next batch first: it is computed meanwhile. */
  #endPart(
    { requests }: BatchPart,
    times: ExecutionTimes,
    answerTo: (request: ScheduledRequest) => ModelAnswer,
  ): void {
    this.#part = undefined;
    const isolation = this.#isolation?.parts.isOver === false ? this.#isolation : undefined;
    if (isolation === undefined) this.#finish(times);
    const moments = isolation === undefined ? this.#moments : this.#momentsAt(times);
    for (const request of requests) this.#answer(request, answerTo(request), moments);
    if (isolation === undefined) this.#recordWhenOver();
    else this.#runParts(isolation);
  }

  #finish(times: ExecutionTimes): void {
    this.#end(times);
    this.#runner?.batchDone(this);
  }

  #mayIsolate({ code }: InferenceError): boolean {
    const { config } = this.#options;
    const isWanted = config.dynamicBatching?.isolatesFailures === true && !this.#isDecoupled;
    // What cannot be reached, no request is to blame for.
    return (
      isWanted &&
      code !== "UNAVAILABLE" &&
      this.#runner?.mayRunAgain === true &&
      this.requests.length > 1
    );
  }

  #isolate({ computeInputEndMs: inputEndMs }: ExecutionTimes, error: InferenceError): void {
    this.#options.statistics.batchIsolated();
    this.#isolation = { parts: new Bisection(this.requests, isOpen), inputEndMs, error };
  }

  /** In a loop, because each may end before its call returns. */
  #runParts({ parts, error }: Isolation): void {
    if (this.#isRunningParts) return;
    this.#isRunningParts = true;
    while (this.#isRunning && this.#part === undefined) {
      const requests = this.#runner?.mayRunAgain === true ? parts.next() : undefined;
      if (requests === undefined) {
        this.#finish(this.#timesByNow());
        this.failRest(error);
      } else this.#runPart(requests);
    }
    this.#isRunningParts = false;
  }

  #runPart(requests: readonly ScheduledRequest[]): void {
    let rows = 0;
    for (const [index, request] of requests.entries()) {
      request.batchIndex = index;
      rows += request.rows;
    }
    const part = { requests, rows };
    this.#signMs = this.#options.clock.nowMs();
    this.#options.statistics.partExecuted();
    this.#execute(part, {
      respond: (index, response, isFinal) => this.#respond(part, index, { response, isFinal }),
      fail: (index, error) => this.#fail(part, index, error),
      done: (times, answers) => this.#done(part, times, answers),
      failed: (times, error) => this.#failed(part, times, error),
    });
  }

  /** The part that runs, if this request is in it. */
  #partOf(request: ScheduledRequest): BatchPart | undefined {
    return this.#part?.requests[request.batchIndex] === request ? this.#part : undefined;
  }

  #end(times: ExecutionTimes): void {
    this.#isRunning = false;
    this.#part = undefined;
    this.#cut(this.#moments, times);
  }

  #momentsAt(times: ExecutionTimes): BatchMoments {
    const moments = new BatchMoments(this.#moments.computeStartMs);
    this.#cut(moments, times);
    return moments;
  }

  /** Inputs were there when all of it was first called; since then it has been computed. */
  #cut(moments: BatchMoments, times: ExecutionTimes): void {
    const computeInputEndMs = this.#isolation?.inputEndMs ?? times.computeInputEndMs;
    moments.end({ ...times, computeInputEndMs }, this.#options.clock.nowMs());
  }

  #answer(request: ScheduledRequest, answer: ModelAnswer, moments: ExecutionMoments): void {
    if (!isOpen(request)) return;
    const { answers, config } = this.#options;
    request.isAnswered = true;
    if (answer === undefined && this.#isDecoupled) answers.respond(request, noMore, true, moments);
    else if (answer === undefined) answers.failByModel(request, forgotten(config));
    else if (answer instanceof InferenceError) answers.failByModel(request, answer);
    else answers.respond(request, answer, true, moments);
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
  #expecting(part: BatchPart, index: number): ScheduledRequest | undefined {
    if (part !== this.#part) return undefined;
    const request = part.requests[index];
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

/** Somebody waits for it, and the model has not said its last word. */
function isOpen({ isAnswered, stage }: ScheduledRequest): boolean {
  return !isAnswered && stage !== "ended";
}

/** How a model that streams ends a request, if its last response did not say so. */
const noMore: ModelResponse = { outputs: [], parameters: noParameters };

function forgotten(config: ModelConfig): InferenceError {
  return new InferenceError(
    "INTERNAL",
    `model '${config.name}' ended an execution without answering this request`,
    { reason: "BACKEND" },
  );
}
