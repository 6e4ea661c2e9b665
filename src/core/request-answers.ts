/**
 * Request answers: the one place where a request ends. Sinks and counters hear of it here, once.
 *
 * Turns what a model gives into the response that a frontend gets. With `preserveOrdering`, holds
 * answers of the model back until all requests that were taken from the queue earlier have ended.
 * What ends a request from outside (cancelled, expired, out of time) is never held back.
 *
 * A sink is foreign code: it may throw, which is logged, and it may call the core again, so
 * everything is in its final state before a sink is called.
 *
 * Not here: whether an instance may answer at all (running-batch.ts).
 */
import type { FailureReason, InferenceError } from "../protocol/errors.ts";
import type { InferRequest, InferResponse } from "../protocol/infer.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import type { Clock } from "./clock.ts";
import type { ModelResponse } from "./instance.ts";
import type { Log } from "./log.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ExecutionMoments, ModelStatistics } from "./model-statistics.ts";
import type { HeldAnswer, HeldResponse, ScheduledRequest } from "./scheduled-request.ts";
import type { ResponseSink } from "./scheduler.ts";

export interface RequestAnswersOptions {
  readonly config: ModelConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly statistics: ModelStatistics;
  /** A request has left: nothing of it is counted or expected any more. */
  readonly onEnded: (request: ScheduledRequest) => void;
}

/** A request and where its answer goes. */
export interface Receiver {
  readonly request: InferRequest;
  readonly sink: ResponseSink;
}

export class RequestAnswers {
  readonly #options: RequestAnswersOptions;
  /** Taken and not yet ended, in the order of taking; only with preserveOrdering. */
  readonly #taken: ScheduledRequest[] = [];
  #takenHead = 0;
  #isReleasing = false;
  readonly #preservesOrdering: boolean;
  readonly #isDecoupled: boolean;

  constructor(options: RequestAnswersOptions) {
    this.#options = options;
    this.#isDecoupled = options.config.isDecoupled;
    this.#preservesOrdering = options.config.dynamicBatching?.preserveOrdering ?? false;
  }

  /** It has left the queue for an instance: its place in the order of answers is fixed. */
  taken(request: ScheduledRequest): void {
    if (this.#preservesOrdering) this.#taken.push(request);
  }

  /** The model's response; `moments` are those of its execution so far. */
  respond(
    request: ScheduledRequest,
    modelResponse: ModelResponse,
    isFinal: boolean,
    moments: ExecutionMoments,
  ): void {
    const response = this.#responseOf(request, modelResponse, moments);
    const answer = { response, isFinal, moments };
    if (this.#mustHold(request)) hold(request, answer);
    else this.#deliver(request, answer);
  }

  /** The model or its instance failed it. */
  failByModel(request: ScheduledRequest, error: InferenceError): void {
    if (this.#mustHold(request)) hold(request, { error });
    else this.fail(request, error, reasonOf(error));
  }

  /** Ends a request that waits or runs, whatever it waits for. */
  fail(request: ScheduledRequest, error: InferenceError, reason: FailureReason): void {
    const { stage } = request;
    if (stage === "ended") return;
    request.endMs = this.#options.clock.nowMs();
    const lifeMs = request.endMs - request.arrivedAtMs;
    this.#options.statistics.requestFailed(stage, lifeMs, reason);
    if (this.#isDecoupled && stage === "executing") {
      const { endMs: computeOutputStartMs, endMs: computeEndMs } = request;
      const how = reason === "CANCELED" ? "cancel" : "fail";
      this.#options.statistics.responseEnded(request, how, { computeOutputStartMs, computeEndMs });
    }
    this.#end(request);
    this.sendError(request, error, reason);
    this.#release();
  }

  /** To the sink alone: for requests that were never accepted. */
  sendError(to: Receiver, error: InferenceError, reason?: FailureReason): void {
    try {
      to.sink.fail(error, reason);
    } catch (reason) {
      this.#logSinkFailure(to.request.id, reason);
    }
  }

  #deliver(request: ScheduledRequest, { response, isFinal, moments }: HeldResponse): void {
    if (isFinal) {
      // A response that was held back ends later than its computation; the others do not.
      request.endMs = this.#preservesOrdering ? this.#options.clock.nowMs() : moments.computeEndMs;
      this.#options.statistics.requestSucceeded(request, moments);
      this.#end(request);
    }
    if (this.#isDecoupled) {
      const how = response.outputs.length > 0 ? "success" : "emptyResponse";
      this.#options.statistics.responseEnded(request, how, moments);
      request.responseCount += 1;
      request.respondedMs = moments.computeEndMs;
    }
    try {
      request.sink.respond(response, isFinal);
    } catch (reason) {
      this.#logSinkFailure(request.request.id, reason);
    }
    if (isFinal) this.#release();
  }

  #end(request: ScheduledRequest): void {
    request.stage = "ended";
    request.held = undefined;
    this.#options.onEnded(request);
  }

  #mustHold(request: ScheduledRequest): boolean {
    if (!this.#preservesOrdering) return false;
    return this.#firstTaken() !== request || request.held !== undefined;
  }

  /** The earliest taken request that has not ended. */
  #firstTaken(): ScheduledRequest | undefined {
    let first = this.#taken[this.#takenHead];
    while (first !== undefined && first.stage === "ended") {
      this.#takenHead += 1;
      first = this.#taken[this.#takenHead];
    }
    if (this.#takenHead > 32 && this.#takenHead * 2 > this.#taken.length) {
      this.#taken.splice(0, this.#takenHead);
      this.#takenHead = 0;
    }
    return first;
  }

  /** Sends what was held back for what has just ended. A sink may end more meanwhile. */
  #release(): void {
    if (!this.#preservesOrdering || this.#isReleasing) return;
    this.#isReleasing = true;
    for (let first = this.#firstTaken(); first !== undefined; first = this.#firstTaken()) {
      const answer = first.held?.shift();
      if (answer === undefined) {
        first.held = undefined;
        break;
      }
      if ("error" in answer) this.fail(first, answer.error, reasonOf(answer.error));
      else this.#deliver(first, answer);
    }
    this.#isReleasing = false;
  }

  #responseOf(
    scheduled: ScheduledRequest,
    { outputs, parameters }: ModelResponse,
    moments: ExecutionMoments,
  ): InferResponse {
    const { config } = this.#options;
    const { id, requestedOutputs } = scheduled.request;
    return {
      modelName: config.name,
      modelVersion: config.version,
      id,
      parameters,
      outputs: requestedOutputs.length === 0 ? outputs : onlyRequested(outputs, requestedOutputs),
      timing: {
        queueMs: moments.computeStartMs - scheduled.arrivedAtMs,
        batchMs: moments.computeInputEndMs - moments.computeStartMs,
        computeMs: moments.computeOutputStartMs - moments.computeInputEndMs,
        outputMs: moments.computeEndMs - moments.computeOutputStartMs,
      },
    };
  }

  #logSinkFailure(requestId: string, error: unknown): void {
    const { log, config } = this.#options;
    const { name: model, version } = config;
    log.error("the receiver of an answer failed", { model, version, requestId, error });
  }
}

/** Whatever comes out of a model or its instance is the backend's, unless it says more. */
function reasonOf(error: InferenceError): FailureReason {
  return error.reason === "OTHER" ? "BACKEND" : error.reason;
}

function hold(request: ScheduledRequest, answer: HeldAnswer): void {
  request.held ??= [];
  request.held.push(answer);
}

function onlyRequested(
  outputs: readonly WireTensor[],
  requested: readonly string[],
): readonly WireTensor[] {
  return outputs.filter((output) => requested.includes(output.name));
}
