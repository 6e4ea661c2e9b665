/**
 * What the oracle expects of the core when an instance speaks about an execution.
 *
 * Only the first last word on a request counts, and only while its execution runs. What the end
 * of an execution leaves open has failed, unless it is a stream: then it is complete. Moments that
 * an instance tells are moved into what is possible; for an answer before the end the model has
 * computed until now.
 */
import type { ScriptedTimes } from "../../instance-script.ts";
import type { AnswersOracle } from "./answers-oracle.ts";
import type { Moments } from "./expected-counters.ts";
import { IsolationOracle } from "./isolation-oracle.ts";
import { forgotten, type OracleError } from "./oracle-errors.ts";
import {
  type Answer,
  type Attempt,
  type Execution,
  logPageOf,
  type OracleRequest,
  type Response,
  type Surroundings,
} from "./oracle-request.ts";

/** Why an attempt has failed. */
export interface Failure {
  readonly error: OracleError;
  readonly inputEndMs: number;
  /** Its instance is there for more. */
  readonly mayRunAgain: boolean;
}

/** What is open at the end of an execution; undefined: nothing is said about it. */
export type LastWord = "response" | OracleError | undefined;

export class ExecutionOracle {
  readonly #around: Surroundings;
  readonly #answers: AnswersOracle;

  constructor(around: Surroundings, answers: AnswersOracle) {
    this.#around = around;
    this.#answers = answers;
  }

  respond(attempt: Attempt, index: number, response: Omit<Response, "moments">): void {
    const request = this.#listening(attempt, index);
    const { execution } = attempt;
    if (request === undefined) return;
    this.#countEarly(execution, request, response);
    request.isAnswered = response.isFinal;
    if (!response.isFinal && this.#isDecoupled) {
      request.untaken += 1;
      execution.showLife();
    }
    const { part, isFinal, isEmpty } = response;
    const moments = this.#momentsByNow(execution);
    this.#answers.answer(request, { part, isFinal, isEmpty, moments });
  }

  fail(attempt: Attempt, index: number, error: OracleError): void {
    const request = this.#listening(attempt, index);
    if (request === undefined) return;
    this.#around.coverage.count("request failed");
    if (this.#isDecoupled && request.heardCount > 0) this.#around.coverage.count("stream fails");
    request.isAnswered = true;
    this.#answers.answer(request, { error });
  }

  /**
   * What an attempt has failed with: are parts of it run again? A part that failed is cut again;
   * a single request that failed, or a part that passed, is answered.
   */
  isCut({ execution, requests }: Attempt, failure: Failure | undefined): boolean {
    const { isolation } = execution;
    if (isolation === undefined) return failure !== undefined && this.#isolate(execution, failure);
    if (failure === undefined) isolation.passed();
    else isolation.failed();
    return failure !== undefined && requests.length > 1;
  }

  /** Nothing said about it counts any more. Without times the model has computed until now. */
  end(execution: Execution, times?: ScriptedTimes): void {
    execution.attempt = undefined;
    execution.moments =
      times === undefined ? this.#momentsByNow(execution) : this.#moments(execution, times);
  }

  /** The answers to those of these that are open, in their order. */
  settle(
    { execution, requests }: Pick<Attempt, "execution" | "requests">,
    wordOn: (index: number) => LastWord,
    times?: ScriptedTimes,
  ): void {
    const moments =
      execution.moments ??
      (times === undefined ? this.#momentsByNow(execution) : this.#moments(execution, times));
    for (const request of requests) {
      if (request.isAnswered || request.stage === "ended") continue;
      request.isAnswered = true;
      this.#answers.answer(request, this.#lastAnswer(request, wordOn(request.index), moments));
    }
    this.#answers.countIfOver(execution);
  }

  #lastAnswer(request: OracleRequest, word: LastWord, moments: Moments): Answer {
    const { coverage } = this.#around;
    if (word === undefined && !this.#isDecoupled) {
      coverage.count("request forgotten");
      return { error: forgotten };
    }
    if (word !== undefined && word !== "response") {
      if (this.#isDecoupled && request.heardCount > 0) coverage.count("stream fails at the end");
      return { error: word };
    }
    const isEmpty = word === undefined;
    if (isEmpty) coverage.count("stream ends without a word");
    return { part: undefined, isFinal: true, isEmpty, moments };
  }

  get #isDecoupled(): boolean {
    return this.#around.load.model.isDecoupled;
  }

  #countEarly(execution: Execution, request: OracleRequest, response: Omit<Response, "moments">) {
    const { coverage } = this.#around;
    coverage.count(response.isFinal ? "answered early" : "stream");
    if (!this.#isDecoupled) return;
    if (response.isEmpty) coverage.count("empty response");
    if (response.isFinal) return;
    if (request.untaken > 0) coverage.count("stream runs ahead");
    if (execution.requests.some(({ untaken }) => untaken > 0)) return;
    if (execution.requests.length > 1) coverage.count("streams together");
  }

  #isolate(execution: Execution, { error, inputEndMs, mayRunAgain }: Failure): boolean {
    const { coverage, counters, load } = this.#around;
    const { batching, isDecoupled } = load.model;
    const isMeant = batching?.isolates === true && !isDecoupled && error.code !== "UNAVAILABLE";
    if (!isMeant || !mayRunAgain || execution.requests.length === 1) return false;
    coverage.count("batch isolated");
    counters.isolation.batches += 1;
    const cause = { error, inputEndMs };
    execution.isolation = new IsolationOracle(execution.requests, cause, coverage);
    return true;
  }

  #listening(attempt: Attempt, index: number): OracleRequest | undefined {
    const { coverage, journal } = this.#around;
    if (attempt.execution.attempt !== attempt) {
      coverage.count("answered after the end");
      return undefined;
    }
    const request = attempt.requests[index];
    if (request !== undefined && !request.isAnswered) {
      return request.stage === "ended" ? undefined : request;
    }
    coverage.count(request === undefined ? "answered nobody" : "answered twice");
    journal.note(logPageOf(this.#around), "an instance misbehaves");
    return undefined;
  }

  #momentsByNow(execution: Execution): Moments {
    const { nowMs } = this.#around.time;
    return this.#moments(execution, {
      computeInputEndMs: execution.startMs,
      computeOutputStartMs: nowMs,
    });
  }

  /** Of parts that are run again the inputs were there when all of it was run. */
  #moments({ startMs, isolation }: Execution, times: ScriptedTimes): Moments {
    const { nowMs: endMs } = this.#around.time;
    const toldMs = isolation?.inputEndMs ?? times.computeInputEndMs;
    const inputEndMs = within(toldMs, startMs, endMs);
    const outputStartMs = within(times.computeOutputStartMs, inputEndMs, endMs);
    const isOff = inputEndMs !== toldMs || outputStartMs !== times.computeOutputStartMs;
    if (isOff) this.#around.coverage.count("times off");
    return { startMs, inputEndMs, outputStartMs, endMs };
  }
}

function within(valueMs: number, lowMs: number, highMs: number): number {
  if (valueMs < lowMs) return lowMs;
  return valueMs > highMs ? highMs : valueMs;
}
