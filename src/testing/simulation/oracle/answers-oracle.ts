/**
 * Answers of one loaded model, as the oracle expects them: who hears what, in which order.
 *
 * A request ends once. With `preservesOrder` an answer of the model waits until all requests that
 * were taken from the queue earlier have ended; what ends a request from outside never waits.
 * Counters are right before the caller hears anything.
 */
import type { RequestPlan } from "../plans.ts";
import type { FailureReason, Moments } from "./expected-counters.ts";
import { errorText, type OracleError } from "./oracle-errors.ts";
import {
  type Answer,
  type Execution,
  lengthsText,
  logPageOf,
  type News,
  type OracleRequest,
  type Response,
  responseText,
  type Surroundings,
} from "./oracle-request.ts";

export class AnswersOracle {
  readonly #around: Surroundings;
  readonly #onEnded: (request: OracleRequest) => void;
  /** In the order in which they were taken. */
  readonly #taken: OracleRequest[] = [];
  #isReleasing = false;

  constructor(around: Surroundings, onEnded: (request: OracleRequest) => void) {
    this.#around = around;
    this.#onEnded = onEnded;
  }

  taken(request: OracleRequest): void {
    this.#taken.push(request);
  }

  /** The model's. */
  answer(request: OracleRequest, answer: Answer): void {
    if (!this.#mustWait(request)) {
      this.#pass(request, answer);
      return;
    }
    const { coverage } = this.#around;
    coverage.count("held back");
    if (request.untaken > 1) coverage.count("stream held back");
    const place = this.#first()?.execution?.place;
    if (place !== request.execution?.place) coverage.count("held back for another instance");
    request.held ??= [];
    request.held.push(answer);
  }

  /** For whatever reason, while it waits or runs. */
  fail(request: OracleRequest, error: OracleError, reason: FailureReason = error.reason): void {
    if (request.stage === "ended") return;
    const { counters, time } = this.#around;
    counters.failed(reason, request.arrivedAtMs, time.nowMs);
    if (this.#around.load.model.isDecoupled && request.stage === "running") {
      const how = reason === "CANCELED" ? "cancel" : "fail";
      counters.streamCutShort(how, request, time.nowMs);
    }
    this.#end(request);
    this.#tell(request.plan, { text: errorText(error), isEnd: true, reason });
    this.#release();
  }

  /** Tells the caller only. */
  refuse(plan: RequestPlan, error: OracleError): void {
    this.#tell(plan, { text: errorText(error), isEnd: true });
  }

  #pass(request: OracleRequest, answer: Answer): void {
    if ("error" in answer) this.fail(request, answer.error, blame(answer.error));
    else this.#respond(request, answer);
  }

  #respond(request: OracleRequest, response: Response): void {
    const { counters, time } = this.#around;
    const { isFinal, moments } = response;
    if (isFinal) {
      const { rows, arrivedAtMs } = request;
      counters.succeeded({ rows, arrivedAtMs, endedAtMs: time.nowMs, moments });
      this.#end(request);
    }
    if (this.#around.load.model.isDecoupled) {
      if (request.heardCount === 256) this.#around.coverage.count("torrent");
      counters.responded(response, request);
      request.heardCount += 1;
      request.computedMs = moments.endMs;
    }
    const text = `${responseText(response)} ${timingText(request, moments)}`;
    this.#tell(request.plan, { text, isEnd: isFinal, response });
    if (isFinal) this.#release();
  }

  #tell(plan: RequestPlan, news: Omit<News, "page" | "logPage">): void {
    const { callers, page } = this.#around;
    callers.hear(plan, { page, logPage: logPageOf(this.#around), ...news });
  }

  #end(request: OracleRequest): void {
    const { execution } = request;
    request.stage = "ended";
    request.held = undefined;
    if (request.untaken > 0) {
      this.#around.coverage.count("leaves responses untaken");
      request.untaken = 0;
      execution?.showLife();
    }
    if (execution !== undefined) this.countIfOver(execution);
    this.#onEnded(request);
  }

  /** An execution counts when it has ended, and all its requests have. */
  countIfOver(execution: Execution): void {
    const { moments, requests, rows, isCounted } = execution;
    if (isCounted || moments === undefined) return;
    if (requests.some(({ stage }) => stage !== "ended")) return;
    execution.isCounted = true;
    this.#around.counters.executed(rows, moments);
  }

  #mustWait(request: OracleRequest): boolean {
    if (!this.#around.load.model.batching?.preservesOrder) return false;
    return request.held !== undefined || this.#first() !== request;
  }

  #first(): OracleRequest | undefined {
    return this.#taken.find(({ stage }) => stage !== "ended");
  }

  /** What has waited for those that have ended meanwhile. */
  #release(): void {
    if (this.#isReleasing) return;
    this.#isReleasing = true;
    for (let first = this.#first(); first?.held !== undefined; first = this.#first()) {
      const next = first.held.shift();
      if (next === undefined) first.held = undefined;
      else this.#pass(first, next);
    }
    this.#isReleasing = false;
  }
}

/** A failure is the backend's, unless it says that it is another's. */
function blame({ reason }: OracleError): FailureReason {
  return reason === "OTHER" ? "BACKEND" : reason;
}

/** Lengths: in the queue, input, infer, output. */
function timingText({ arrivedAtMs }: OracleRequest, moments: Moments): string {
  const { startMs, inputEndMs, outputStartMs, endMs } = moments;
  return lengthsText([arrivedAtMs, startMs, inputEndMs, outputStartMs, endMs]);
}
