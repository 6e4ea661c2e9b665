/**
 * Running batch: the requests that one instance runs together, and the ear for its answers.
 *
 * Whatever an instance says, each request gets exactly one end: an answer for a request that has
 * ended (its caller has gone), a second final answer, one after the end of the execution or for an
 * index that does not exist are dropped; a request that was forgotten fails when the execution
 * ends. What only a faulty instance does is logged.
 *
 * Not here: time limits and crashes (instance-supervisor.ts), what an answer becomes
 * (request-answers.ts).
 */
import { InferenceError } from "../protocol/errors.ts";
import type { Clock } from "./clock.ts";
import type {
  ExecutionBatch,
  ExecutionEmitter,
  ExecutionTimes,
  Instance,
  ModelResponse,
} from "./instance.ts";
import type { Log } from "./log.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ModelStatistics } from "./model-statistics.ts";
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
  batchDone(): void;
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
  readonly #computeStartMs: number;
  #computeInputEndMs: number;
  #computeOutputStartMs: number;
  #computeEndMs: number;
  #isRunning = true;
  #liveCount: number;
  #instance: Instance | undefined = undefined;
  #runner: BatchRunner | undefined = undefined;

  constructor(options: RunningBatchOptions, { requests, rows, computeStartMs }: BatchStart) {
    this.#options = options;
    this.requests = requests;
    this.rows = rows;
    this.#computeStartMs = computeStartMs;
    this.#computeInputEndMs = computeStartMs;
    this.#computeOutputStartMs = computeStartMs;
    this.#computeEndMs = computeStartMs;
    this.#liveCount = requests.length;
    let index = 0;
    for (const request of requests) {
      request.stage = "executing";
      request.computeStartMs = computeStartMs;
      request.batch = this;
      request.batchIndex = index;
      index += 1;
    }
  }

  /** Hands itself to the instance. Answers may come before this returns. */
  run(instance: Instance, runner: BatchRunner): void {
    this.#instance = instance;
    this.#runner = runner;
    try {
      instance.execute(this, this);
    } catch (reason) {
      this.done(this.#timesByNow(), InferenceError.from(reason));
    }
  }

  abort(index: number): void {
    if (this.#isRunning) this.#instance?.abort(index);
  }

  requestEnded(): void {
    this.#liveCount -= 1;
    this.#recordWhenOver();
  }

  respond(
    requestIndex: number,
    response: ModelResponse,
    isFinal: boolean,
    times?: ExecutionTimes,
  ): void {
    const request = this.#expecting(requestIndex);
    if (request === undefined) return;
    if (isFinal) request.isAnswered = true;
    this.#options.answers.respond(request, response, isFinal, times);
  }

  fail(requestIndex: number, error: InferenceError): void {
    const request = this.#expecting(requestIndex);
    if (request === undefined) return;
    request.isAnswered = true;
    this.#options.answers.failByModel(request, error);
  }

  done(times: ExecutionTimes, error?: InferenceError): void {
    if (!this.#isRunning) return;
    this.#end(times, error);
    this.#runner?.batchDone();
  }

  /** The instance is lost: what has no answer yet fails, and nothing more is heard. */
  breakOff(error: InferenceError): void {
    if (this.#isRunning) this.#end(this.#timesByNow(), error);
  }

  #end(times: ExecutionTimes, error: InferenceError | undefined): void {
    const { clock, answers, config } = this.#options;
    this.#isRunning = false;
    this.#computeEndMs = clock.nowMs();
    this.#computeInputEndMs = Math.max(this.#computeStartMs, times.computeInputEndMs);
    this.#computeOutputStartMs = Math.max(this.#computeInputEndMs, times.computeOutputStartMs);
    for (const request of this.requests) {
      if (request.isAnswered || request.stage === "ended") continue;
      request.isAnswered = true;
      answers.failByModel(request, error ?? forgotten(config));
    }
    this.#recordWhenOver();
  }

  #recordWhenOver(): void {
    if (this.#isRunning || this.#liveCount > 0) return;
    this.#liveCount = Number.POSITIVE_INFINITY; // Once.
    this.#options.statistics.executionEnded(this.rows, {
      computeStartMs: this.#computeStartMs,
      computeInputEndMs: this.#computeInputEndMs,
      computeOutputStartMs: this.#computeOutputStartMs,
      computeEndMs: Math.max(this.#computeOutputStartMs, this.#computeEndMs),
    });
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
    return {
      computeInputEndMs: this.#computeStartMs,
      computeOutputStartMs: this.#options.clock.nowMs(),
    };
  }

  #logFault(what: string): void {
    const { log, config } = this.#options;
    const { name: model, version } = config;
    log.error(`instance of model '${model}' misbehaves: ${what}`, { model, version });
  }
}

function forgotten(config: ModelConfig): InferenceError {
  return new InferenceError(
    "INTERNAL",
    `model '${config.name}' ended an execution without answering this request`,
    { reason: "BACKEND" },
  );
}
